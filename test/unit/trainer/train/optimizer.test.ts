import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { averageNames, clipScale, decayNames, optimize, stateNames } from '../../../../src/trainer/train/optimizer.ts';
import { relativeError, training } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const { optimizer, ema } = training();
const weights = Float32Array.of(0.5, -1, 2);
const gradient = [0.1, -0.2, 0.3];

test('a state has an average for each half-life', () => {
  assert.deepEqual(stateNames(ema), ['weights', 'firstMoment', 'secondMoment', 'average']);
  const several = { halfLifeImages: 1, further: [2, 3] };
  assert.deepEqual(averageNames(several), ['average', 'average1', 'average2']);
  assert.deepEqual(decayNames(several), ['decay', 'decay1', 'decay2']);
});

for (const name of ['Adam', 'AdamW'] as const) {
  test(`the first step of ${name} is that of the paper`, () => {
    const [rate, decay, { beta1, beta2, epsilon }] = [0.01, 0.9, optimizer];
    const zeros = () => tf.zeros([3]) as Tensor;
    const state = {
      weights: tf.tensor1d(weights),
      firstMoment: zeros(),
      secondMoment: zeros(),
      average: tf.tensor1d(weights),
      average1: tf.tensor1d(weights),
    };
    const scalars = {
      learningRate: tf.scalar(rate),
      decay: tf.scalar(decay),
      decay1: tf.scalar(0),
      correction1: tf.scalar(1 / (1 - beta1)),
      correction2: tf.scalar(1 / (1 - beta2)),
    };
    const options = {
      optimizer: { ...optimizer, name, weightDecay: 0.5 },
      ema: { halfLifeImages: 1, further: [0] },
    };
    const after = optimize(tf, options, state, tf.tensor1d(gradient), scalars);
    const expected = gradient.map((g, i) => {
      const w = weights[i] as number;
      return w - rate * (g / (Math.abs(g) + epsilon) + (name === 'AdamW' ? 0.5 * w : 0));
    });
    assert.ok(relativeError(after.weights.dataSync<'float32'>(), expected) < 1e-6);
    const average = expected.map((w, i) => decay * (weights[i] as number) + (1 - decay) * w);
    assert.ok(relativeError(after.average.dataSync<'float32'>(), average) < 1e-6);
    assert.deepEqual(after.average1?.dataSync(), after.weights.dataSync(), 'of a decay of 0');
  });
}

test('gradients longer than the limit together are scaled down to it, shorter ones are left', () => {
  const gradients = [tf.tensor1d(gradient.slice(0, 1)), tf.tensor1d(gradient.slice(1))];
  const norm = Math.hypot(...gradient);
  const scale = (limit: number) => clipScale(tf, gradients, limit)?.dataSync()[0];
  assert.ok(Math.abs((scale(norm / 2) ?? 0) - 1 / 2) < 1e-6);
  assert.ok(Math.abs((scale(norm * 2) ?? 0) - 1) < 1e-6);
  assert.equal(scale(0), undefined);
});
