import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoped } from '../../../../src/trainer/engine/program.ts';
import { loadTensorFlow, type Tensor, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { fromTheirs, toTheirs } from '../../../../src/trainer/model/diffusers/layout.ts';
import { sizeOf } from '../../../../src/trainer/model/parameters.ts';
import { parameterSpecs, unet } from '../../../../src/trainer/model/unet.ts';
import { type DiffusersCase, diffusersFixture, networkOf, spread, theirWeights } from '../../../helpers/diffusers.ts';
import { formulaImages, parametersOf, relativeError } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const fixture = diffusersFixture();
const batch = fixture.timesteps.length;

/** Our output and the gradients under diffusers' names, with the fixture's weights and inputs. */
function compute(given: DiffusersCase): { output: Float32Array; gradients: Map<string, Float32Array> } {
  const { config, conditions } = networkOf(given);
  const conditioning = conditioningOf(2, config, conditions);
  const specs = parameterSpecs(config, conditioning);
  const levels = config.channelMultipliers.length;
  const weights = theirWeights(given);
  const vector = specs.flatMap((spec) => [
    ...fromTheirs(spec, levels, (name, shape) => {
      const values = weights.get(name) ?? assert.fail(`diffusers has no ${name}`);
      assert.deepEqual(shape, given.parameters[name]?.shape, name);
      weights.delete(name);
      return values;
    }),
  ]);
  assert.deepEqual([...weights.keys()], [], 'parameters that only diffusers has');
  const { imageSize, imageChannels } = config;
  const told = conditioning.inputs(batch);
  return scoped(tf, () => {
    const x = tf.tensor4d(formulaImages(batch * imageSize ** 2 * imageChannels), [
      batch,
      imageSize,
      imageSize,
      imageChannels,
    ]);
    const all = {
      timestep: tf.tensor1d(fixture.timesteps),
      label: tf.tensor1d(fixture.labels, 'int32'),
      ...(told.context && { context: tf.tensor(formulaImages(sizeOf(told.context.shape)), told.context.shape) }),
    };
    const forward = (weights: Tensor) =>
      unet(tf, config, conditioning, parametersOf(tf, specs, weights), tf.mul(x, 0.9) as Tensor4D, all);
    const output = forward(tf.tensor1d(vector));
    const gradient = tf
      .grad((weights) => tf.mean(tf.squaredDifference(forward(weights as Tensor), tf.mul(x, -0.5))))(
        tf.tensor1d(vector),
      )
      .dataSync<'float32'>();
    let offset = 0;
    const gradients = specs.flatMap((spec) => {
      offset += sizeOf(spec.shape);
      return toTheirs(spec, gradient.slice(offset - sizeOf(spec.shape), offset), levels);
    });
    return {
      output: output.dataSync<'float32'>(),
      gradients: new Map(gradients.map(([name, { values }]) => [name, values])),
    };
  });
}

for (const [name, given] of Object.entries(fixture.cases)) {
  test(`has diffusers' parameters, output and gradients: ${name}`, () => {
    const { output, gradients } = compute(given);
    assert.ok(relativeError(output, given.output) < 1e-4, `off by ${relativeError(output, given.output)}`);
    const entries = Object.entries(given.parameters);
    const largest = Math.max(...entries.map(([, { gradient }]) => gradient[0] as number));
    for (const [name, { gradient }] of entries) {
      const ours = spread(gradients.get(name) ?? assert.fail(name), gradient.length - 1);
      const [norm] = gradient as [number];
      // Some are 0 but for rounding: a bias ahead of a norm, the bias of attention's keys.
      const scale = Math.max(norm, 1e-4 * largest);
      for (const [i, expected] of gradient.entries())
        assert.ok(Math.abs((ours[i] as number) - expected) <= 1e-3 * scale, `${name}: ${ours} is not ${gradient}`);
    }
  });
}
