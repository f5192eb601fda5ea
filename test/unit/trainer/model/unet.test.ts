import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor, Tensor1D, Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { conditioningOf, unconditioned } from '../../../../src/trainer/model/conditioning.ts';
import { totalSize, type UnetConfig } from '../../../../src/trainer/model/parameters.ts';
import { parameterSpecs, unet } from '../../../../src/trainer/model/unet.ts';
import {
  conditionings,
  formulaImages,
  formulaWeights,
  livelyWeights,
  parametersOf,
  relativeError,
  smallUnet,
  thinned,
  torchFixture,
  weightsVector,
} from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const fixture = torchFixture();

function images(config: UnetConfig, batch: number): Tensor4D {
  const { imageSize, imageChannels } = config;
  const values = formulaImages(batch * imageSize * imageSize * imageChannels);
  return tf.tensor4d(values, [batch, imageSize, imageSize, imageChannels]);
}

for (const conditioning of conditionings(fixture.config)) {
  const { config } = fixture;
  const expected = conditioning === unconditioned ? fixture.withoutTime : fixture.withTime;
  const specs = parameterSpecs(config, conditioning);
  const inputs = { timestep: tf.tensor1d(fixture.timesteps) };

  test(`has PyTorch's parameters, output and gradients; told ${conditioning.kind}`, () => {
    assert.deepEqual(
      specs.map(({ name, shape }) => ({ name, shape })),
      expected.parameters,
    );
    tf.tidy(() => {
      const x0 = images(config, 2);
      const perSample = (values: number[]) => tf.tensor(values, [2, 1, 1, 1]);
      const forward = (vector: Tensor) =>
        unet(tf, config, conditioning, parametersOf(tf, specs, vector), tf.mul(x0, perSample(fixture.signal)), inputs);
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
  for (const conditioning of conditionings(smallUnet)) {
    const config = smallUnet;
    const specs = parameterSpecs(config, conditioning);
    tf.tidy(() => {
      const x = images(config, 3);
      const inputs = { timestep: tf.tensor1d([0, 400, 999]) };
      const loss = (vector: Tensor) =>
        tf.mean(tf.square(unet(tf, config, conditioning, parametersOf(tf, specs, vector), x, inputs)));
      const weights: Tensor1D = tf.tensor1d(livelyWeights(config, conditioning));
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
  const specs = parameterSpecs(smallUnet, unconditioned);
  tf.tidy(() => {
    const weights = tf.tensor1d(weightsVector(specs, 7));
    const output = unet(tf, smallUnet, unconditioned, parametersOf(tf, specs, weights), images(smallUnet, 2), {});
    assert.deepEqual(output.shape, [2, 8, 8, 1]);
    assert.ok(output.dataSync().every((value) => value === 0));
  });
});

test('a network without the input that it is to be told, or without a parameter, is refused', () => {
  const conditioning = conditioningOf(2, smallUnet, {});
  const specs = parameterSpecs(smallUnet, conditioning);
  tf.tidy(() => {
    const parameters = parametersOf(tf, specs, tf.zeros([totalSize(specs)]));
    const x = images(smallUnet, 1);
    assert.throws(() => unet(tf, smallUnet, conditioning, parameters, x, {}), /takes a timestep/);
    const cut = parameterSpecs(smallUnet, unconditioned).slice(1);
    const without = parametersOf(tf, cut, tf.zeros([totalSize(cut)]));
    assert.throws(() => unet(tf, smallUnet, unconditioned, without, x, {}), /no parameter in\.w/);
  });
});
