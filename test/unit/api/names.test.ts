import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiVersion, components, labels, runNameLength, runNamePattern } from '../../../src/api/names.ts';

test('names of the longest run leave room for those of its Jobs and their pods', () => {
  const longest = Math.max(...components.map((step) => `-${step}-01234567`.length));
  assert.ok(runNameLength + longest <= 63);
  assert.ok(new RegExp(runNamePattern).test('a') && !new RegExp(runNamePattern).test('a.b'));
});

test('labels are keys that Kubernetes takes, each another', () => {
  assert.equal(new Set(Object.values(labels)).size, Object.keys(labels).length);
  for (const label of Object.values(labels)) assert.match(label, /^[a-z0-9.-]+\/[a-z-]{1,63}$/);
  assert.equal(apiVersion, 'tspace.dev/v1alpha1');
});
