import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryKey, unionMembers } from '../../../src/api/mergeKeys.ts';

test('ports are told apart by number and protocol, which is TCP where it is left out', () => {
  assert.equal(entryKey('ports', { containerPort: 80 }), entryKey('ports', { protocol: 'TCP', containerPort: 80 }));
  assert.notEqual(entryKey('ports', { containerPort: 80 }), entryKey('ports', { containerPort: 80, protocol: 'UDP' }));
});

test('the members of a union are found by the field it stands in', () => {
  assert.deepEqual(unionMembers('livenessProbe', { exec: {}, periodSeconds: 3, httpGet: {} }), ['exec', 'httpGet']);
  assert.deepEqual(unionMembers('env', { name: 'a', valueFrom: {} }), ['valueFrom']);
  assert.deepEqual(unionMembers('volumes', { name: 'a', emptyDir: {} }), ['emptyDir']);
  assert.deepEqual(unionMembers('resources', { limits: {}, requests: {} }), []);
});
