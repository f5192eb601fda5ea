import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor, Tensor1D, Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { initialWeights, splitWeights, totalSize, type UnetConfig } from '../../../../src/trainer/model/parameters.ts';
import { parameterSpecs, parametersOf, unet } from '../../../../src/trainer/model/unet.ts';
import {
  formulaImages,
  formulaWeights,
  livelyWeights,
  relativeError,
  smallUnet,
  thinned,
  torchFixture,
} from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const fixture = torchFixture();

function images(config: UnetConfig, batch: number): Tensor4D {
  const { imageSize, imageChannels } = config;
  const values = formulaImages(batch * imageSize * imageSize * imageChannels);
  return tf.tensor4d(values, [batch, imageSize, imageSize, imageChannels]);
}

for (const timeEmbedding of [true, false]) {
  const config: UnetConfig = { ...fixture.config, timeEmbedding };
  const expected = timeEmbedding ? fixture.withTime : fixture.withoutTime;
  const specs = parameterSpecs(config);
  const timestep = timeEmbedding ? tf.tensor1d(fixture.timesteps) : undefined;

  test(`has PyTorch's parameters, output and gradients ${timeEmbedding ? 'with' : 'without'} a time embedding`, () => {
    assert.deepEqual(
      specs.map(({ name, shape }) => ({ name, shape })),
      expected.parameters,
    );
    tf.tidy(() => {
      const x0 = images(config, 2);
      const perSample = (values: number[]) => tf.tensor(values, [2, 1, 1, 1]);
      const forward = (vector: Tensor) =>
        unet(tf, config, parametersOf(tf, specs, vector), tf.mul(x0, perSample(fixture.signal)), timestep);
      const weights = tf.tensor1d(formulaWeights(specs));
      assert.ok(relativeError(forward(weights).dataSync(), expected.output) < 1e-4);
      const { value, grad } = tf.valueAndGrad((vector) =>
        tf.mean(tf.squaredDifference(forward(vector as Tensor), tf.mul(x0, perSample(fixture.target)))),
      )(weights);
      assert.ok(relativeError(value.dataSync(), [expected.losses[0] as number]) < 1e-5);
      assert.ok(relativeError(thinned(grad.dataSync<'float32'>()), expected.gradient) < 2e-4);
    });
  });
}

test('the gradient is the slope of the loss along any direction', () => {
  for (const timeEmbedding of [false, true]) {
    const config = { ...smallUnet, timeEmbedding };
    const specs = parameterSpecs(config);
    tf.tidy(() => {
      const x = images(config, 3);
      const timestep = timeEmbedding ? tf.tensor1d([0, 400, 999]) : undefined;
      const loss = (vector: Tensor) =>
        tf.mean(tf.square(unet(tf, config, parametersOf(tf, specs, vector), x, timestep)));
      const weights: Tensor1D = tf.tensor1d(livelyWeights(config));
      const gradient = tf.grad((vector) => loss(vector as Tensor))(weights);
      for (const seed of [1, 2, 3]) {
        const direction = tf.randomNormal([totalSize(specs)], 0, 1, 'float32', seed);
        const h = 2e-3;
        const value = (step: number) => loss(tf.add(weights, tf.mul(direction, step))).dataSync()[0] as number;
        const slope = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
        const expected = tf.sum(tf.mul(gradient, direction)).dataSync()[0] as number;
        const scale = tf.norm(gradient).dataSync()[0] as number;
        assert.ok(Math.abs(slope - expected) < 5e-3 * scale, `${slope} is not ${expected}, gradient ${scale}`);
      }
    });
  }
});

test('an untrained network predicts 0 at any input', () => {
  const specs = parameterSpecs(smallUnet);
  tf.tidy(() => {
    const weights = tf.tensor1d(initialWeights(specs, 7));
    const output = unet(tf, smallUnet, parametersOf(tf, specs, weights), images(smallUnet, 2));
    assert.deepEqual(output.shape, [2, 8, 8, 1]);
    assert.ok(output.dataSync().every((value) => value === 0));
  });
});

test('a timestep is taken exactly where the model has a time embedding', () => {
  const specs = parameterSpecs(smallUnet);
  const run = (config: UnetConfig, timestep?: Tensor) =>
    unet(tf, config, parametersOf(tf, specs, tf.zeros([totalSize(specs)])), images(config, 1), timestep);
  tf.tidy(() => {
    assert.throws(() => run(smallUnet, tf.zeros([1])), /takes no timestep/);
    assert.throws(() => run({ ...smallUnet, timeEmbedding: true }), /takes a timestep/);
  });
});

test('initial weights are a function of the seed, in the order of the parameters', () => {
  const specs = parameterSpecs({ ...smallUnet, timeEmbedding: true });
  const weights = initialWeights(specs, 3);
  assert.deepEqual(weights, initialWeights(specs, 3));
  assert.notDeepEqual(weights, initialWeights(specs, 4));
  for (const [index, { name, values }] of splitWeights(specs, weights).entries()) {
    const initial = specs[index]?.initial;
    if (initial?.kind !== 'normal') {
      assert.ok(
        values.every((value) => value === (initial?.kind === 'ones' ? 1 : 0)),
        name,
      );
      continue;
    }
    const deviation = Math.hypot(...values) / Math.sqrt(values.length);
    const expected = 1 / Math.sqrt(initial.fanIn);
    assert.ok(Math.abs(deviation / expected - 1) < 6 / Math.sqrt(2 * values.length), `${name}: ${deviation}`);
  }
});
