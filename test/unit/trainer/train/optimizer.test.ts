import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { initialState, optimize, stateNames, type TrainingState } from '../../../../src/trainer/train/optimizer.ts';
import { relativeError, training } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const { optimizer } = training();
const weights = Float32Array.of(0.5, -1, 2);
const gradient = [0.1, -0.2, 0.3];

test('training begins without moments, and its average is the weights', () => {
  const zeros = new Float32Array(3);
  assert.deepEqual(initialState(weights), { weights, firstMoment: zeros, secondMoment: zeros, average: weights });
});

for (const name of ['Adam', 'AdamW'] as const) {
  test(`the first step of ${name} is that of the paper`, () => {
    const [rate, decay, { beta1, beta2, epsilon }] = [0.01, 0.9, optimizer];
    const before = initialState(weights);
    const state = Object.fromEntries(stateNames.map((key) => [key, tf.tensor1d(before[key])])) as TrainingState<Tensor>;
    const scalars = {
      learningRate: tf.scalar(rate),
      decay: tf.scalar(decay),
      correction1: tf.scalar(1 / (1 - beta1)),
      correction2: tf.scalar(1 / (1 - beta2)),
    };
    const options = { optimizer: { ...optimizer, name, weightDecay: 0.5 }, gradientClipNorm: 0 };
    const after = optimize(tf, options, state, tf.tensor1d(gradient), scalars);
    const expected = gradient.map((g, i) => {
      const w = weights[i] as number;
      return w - rate * (g / (Math.abs(g) + epsilon) + (name === 'AdamW' ? 0.5 * w : 0));
    });
    assert.ok(relativeError(after.weights.dataSync<'float32'>(), expected) < 1e-6);
    const average = expected.map((w, i) => decay * (weights[i] as number) + (1 - decay) * w);
    assert.ok(relativeError(after.average.dataSync<'float32'>(), average) < 1e-6);
  });
}

test('a gradient longer than the limit is scaled down to it, one below is left', () => {
  const zeros = () => tf.zeros([3]) as Tensor;
  const state = { weights: zeros(), firstMoment: zeros(), secondMoment: zeros(), average: zeros() };
  const one = tf.scalar(1);
  const scalars = { learningRate: one, decay: one, correction1: one, correction2: one };
  const norm = Math.hypot(...gradient);
  const firstMoment = (gradientClipNorm: number) =>
    Math.hypot(
      ...optimize(tf, { optimizer, gradientClipNorm }, state, tf.tensor1d(gradient), scalars).firstMoment.dataSync(),
    ) /
    (1 - optimizer.beta1);
  assert.ok(Math.abs(firstMoment(norm / 2) - norm / 2) < 1e-6);
  assert.ok(Math.abs(firstMoment(norm * 2) - norm) < 1e-6);
});
