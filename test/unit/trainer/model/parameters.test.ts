import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { initialWeights, totalSize, unetConfig } from '../../../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { smallUnet } from '../../../helpers/unet.ts';

const specs = parameterSpecs(smallUnet, conditioningOf(2, smallUnet, {}));

test('initial weights are a function of the seed, in the order of the parameters', () => {
  const weights = [...initialWeights(specs, 3)];
  assert.deepEqual(
    weights.map(({ name, shape }) => [name, shape]),
    specs.map(({ name, shape }) => [name, shape]),
  );
  assert.equal(
    weights.reduce((sum, { values }) => sum + values.length, 0),
    totalSize(specs),
  );
  assert.deepEqual(weights, [...initialWeights(specs, 3)]);
  assert.notDeepEqual(weights, [...initialWeights(specs, 4)]);
  for (const [index, { name, values }] of weights.entries()) {
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

test('a configuration is a model and the shape of what it sees', () => {
  const model = modelSchema.parse({});
  assert.deepEqual(unetConfig(model, { size: 28, channels: 3 }), { ...model, imageSize: 28, imageChannels: 3 });
});
