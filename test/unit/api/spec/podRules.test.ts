import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podFields } from '../../../../src/api/spec/podFields.ts';
import { entryProblem, fieldProblem, fieldRules } from '../../../../src/api/spec/podRules.ts';

test('every rule is for a field that there is', () => {
  for (const name of Object.keys(fieldRules)) {
    const [type = '', field] = name.split('.');
    assert.match(` ${podFields[type]}`, new RegExp(` ${field}:`), name);
  }
});

test('integers have 32 bits, but times, ids and generations 64', () => {
  assert.match(fieldProblem('PodSpec', 'priority', 2 ** 31) ?? '', /at most/);
  assert.equal(fieldProblem('PodSpec', 'priority', -(2 ** 31) + 1), undefined);
  assert.equal(fieldProblem('PodSpec', 'terminationGracePeriodSeconds', 2 ** 40), undefined);
});

test('keys of labels have a domain or none; those of annotations may be in capitals', () => {
  assert.equal(entryProblem('ObjectMeta', 'annotations', 'Example.com/A', 'any text'), undefined);
  assert.match(entryProblem('ObjectMeta', 'labels', 'Example.com/A', 'a') ?? '', /is no key/);
  assert.match(entryProblem('PodSpec', 'nodeSelector', 'a', 'x'.repeat(64)) ?? '', /at most 63/);
  assert.equal(entryProblem('CSIVolumeSource', 'volumeAttributes', 'a b', 'c d'), undefined);
});
