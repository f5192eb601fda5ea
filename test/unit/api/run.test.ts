import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DdrError } from '../../../src/api/errors.ts';
import { parseRun } from '../../../src/api/run.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

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
