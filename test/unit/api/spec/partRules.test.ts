import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partRules } from '../../../../src/api/spec/partRules.ts';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { minimalRun } from '../../../helpers/runs.ts';

const { spec } = minimalRun();
const refused = (fields: object): string[] =>
  (specSchema.safeParse({ ...spec, ...fields }).error?.issues ?? []).map(({ path }) => path.join('.'));

test('by default a run trains all states, aggregates, and samples over all', () => {
  const { execution, sampling } = specSchema.parse(spec);
  assert.deepEqual([execution.states, execution.aggregate], [undefined, true]);
  assert.deepEqual([sampling.minStates, sampling.requiredStates], [undefined, undefined]);
});

test('a share is taken exactly where it covers whole models that exist', () => {
  const numbers = fc.record({
    models: fc.integer({ min: 1, max: 5 }),
    g: fc.integer({ min: 1, max: 4 }),
    first: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(numbers, ({ models, g, first, length }) => {
      const last = first + length - 1;
      const states = first === last ? `${first}` : `${first}-${last}`;
      const found = refused({ schedule: { states: models * g, statesPerModel: g }, execution: { states } });
      const right = last < models * g && first % g === 0 && length % g === 0;
      assert.deepEqual([...new Set(found)], right ? [] : ['execution.states']);
    }),
  );
});

test('every rule names the field that is wrong', () => {
  assert.deepEqual(
    partRules.map(({ path }) => path?.join('.')),
    ['execution.states', 'execution.states', 'execution.states', 'sampling.minStates', 'sampling.requiredStates'],
  );
  assert.deepEqual(refused({ sampling: { minStates: 10, requiredStates: '9' } }), []);
});
