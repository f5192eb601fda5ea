import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { minimalRun } from '../../../helpers/runs.ts';

test('states, dataset and a volume are enough', () => {
  const { spec } = parseRun(minimalRun());
  assert.equal(spec.schedule.timesteps, 1000);
  assert.equal(spec.training.prediction, 'V');
  assert.deepEqual(spec.overrides, []);
  assert.equal(spec.evaluation, undefined);
});

test('a field that does not exist is refused', () => {
  assert.throws(() => specSchema.parse({ ...minimalRun().spec, trainning: {} }), /trainning/);
});
