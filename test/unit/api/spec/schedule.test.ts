import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRun } from '../../../../src/api/run.ts';
import { testRefusals } from '../../../helpers/refusals.ts';
import { withSpec } from '../../../helpers/runs.ts';

testRefusals('spec.schedule');

test('every S, T and g that fit are accepted', () => {
  const schedule = fc
    .record({
      models: fc.integer({ min: 1, max: 32 }),
      statesPerModel: fc.integer({ min: 1, max: 32 }),
      spare: fc.nat(500),
    })
    .map(({ models, statesPerModel, spare }) => ({
      states: models * statesPerModel,
      statesPerModel,
      timesteps: models * statesPerModel + spare,
    }));
  fc.assert(
    fc.property(schedule, (fields) => {
      assert.equal(parseRun(withSpec({ schedule: fields })).spec.schedule.states, fields.states);
    }),
  );
});
