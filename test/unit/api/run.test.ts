import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DdrError } from '../../../src/api/errors.ts';
import { parseRun } from '../../../src/api/run.ts';
import { minimalRun, withSpec, wrongRuns } from '../../helpers/runs.ts';

test('states, dataset and a volume are enough', () => {
  const { spec } = parseRun(minimalRun());
  assert.equal(spec.schedule.timesteps, 1000);
  assert.equal(spec.training.prediction, 'V');
  assert.deepEqual(spec.overrides, []);
  assert.equal(spec.evaluation, undefined);
});

for (const { title, spec, field, says } of wrongRuns) {
  test(`refused: ${title}`, () => {
    assert.throws(
      () => parseRun(withSpec(spec)),
      (error: unknown) => {
        assert.ok(error instanceof DdrError);
        assert.equal(error.code, 'InvalidSpec');
        const issue = error.message.split('; ').find((line) => line.startsWith(field) && says.test(line));
        assert.ok(issue, `nothing about ${field} that says ${says} in: ${error.message}`);
        return true;
      },
    );
  });
}

test('what is missing is said to be required', () => {
  const { dataset: _, ...spec } = minimalRun().spec;
  assert.throws(() => parseRun({ ...minimalRun(), spec }), /spec\.dataset: is required \(object\)/);
});

test('a name that Jobs and their pods cannot have is refused', () => {
  assert.throws(() => parseRun(minimalRun('my.run')), /metadata\.name: must be lower case letters, digits and -/);
  assert.throws(() => parseRun(minimalRun('x'.repeat(41))), /metadata\.name: must be at most 40 characters/);
});

test('a namespace that is none, and a field beside spec, are refused', () => {
  const run = minimalRun();
  const namespaced = { ...run, metadata: { name: 'x', namespace: '../../etc' } };
  assert.throws(() => parseRun(namespaced), /metadata\.namespace: must be the name of a namespace/);
  assert.throws(() => parseRun({ ...run, training: {} }), /\(root\): Unrecognized key: "training"/);
});

test('whatever is parsed, the answer is a run or an InvalidSpec', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('schedule', 'dataset', 'overrides', 'sampling', 'evaluation'),
      (value, block) => {
        try {
          parseRun(withSpec({ [block]: value }));
        } catch (error) {
          assert.ok(error instanceof DdrError && error.code === 'InvalidSpec');
        }
      },
    ),
  );
});

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
