import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { beginnerOf } from '../../../../src/trainer/warmStart/beginner.ts';

const image = { size: 8, channels: 1 };

test('a network that is to begin is told what its states and the data say', () => {
  const of = (states: number, model: object, conditions = {}) =>
    beginnerOf({ model: modelSchema.parse(model), prediction: 'X0' }, states, image, conditions);
  assert.deepEqual(of(1, {}).told, { timestep: false, classes: 0 });
  assert.deepEqual(of(2, {}).told, { timestep: true, classes: 0 });
  assert.deepEqual(of(1, { timeEmbedding: 'Always' }, { classes: 3 }).told, { timestep: true, classes: 4 });
  const { config, prediction, specs } = of(1, { baseChannels: 16 });
  assert.deepEqual([config.imageSize, config.baseChannels, prediction], [8, 16, 'X0']);
  assert.equal(specs[0]?.name, 'in.w');
});
