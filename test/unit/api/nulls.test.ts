import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutNulls } from '../../../src/api/nulls.ts';
import { parseRun } from '../../../src/api/run.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

test('null for an optional field, at any depth, means that it is absent', () => {
  const nulls = {
    evaluation: null,
    execution: null,
    overrides: null,
    suspend: null,
    training: { images: null, optimizer: null },
    sampling: { eta: null },
  };
  assert.deepEqual(parseRun(withSpec(nulls)).spec, parseRun(minimalRun()).spec);
  const run = minimalRun();
  const metadata = { ...run.metadata, creationTimestamp: null, labels: null, annotations: { a: null } };
  assert.deepEqual(parseRun({ ...run, metadata, status: null }).metadata.annotations, {});
});

test('null for what is required is a missing field, and null in a list is refused', () => {
  assert.throws(() => parseRun(withSpec({ schedule: { states: null } })), /spec\.schedule\.states: is required/);
  assert.throws(() => parseRun(withSpec({ overrides: [null] })), /spec\.overrides\[0\]/);
  assert.throws(() => parseRun({ ...minimalRun(), spec: null }), /spec: is required/);
});

test('a field that there is not is named, though it is null', () => {
  const wrong = withSpec({ suspnd: null, training: { image: null, optimizer: { nam: 1 } } });
  assert.throws(() => parseRun(wrong), /optimizer: .*"nam".*training: .*"image".*spec: .*"suspnd"/);
  assert.throws(() => parseRun({ ...minimalRun(), foo: null }), /\(root\): .*foo/);
});

test('a null in a pod template stays: it takes away a field of another template', () => {
  const podTemplate = { spec: { securityContext: { fsGroup: null }, nodeSelector: null } };
  assert.deepEqual(parseRun(withSpec({ execution: { podTemplate } })).spec.execution.podTemplate, podTemplate);
});

test('what has no nulls is not changed', () => {
  const withoutNull = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('null'));
  fc.assert(fc.property(withoutNull, (value) => assert.deepEqual(withoutNulls(value), value)));
});
