import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerResourceProblems, podProblems } from '../../../../src/api/spec/podContainers.ts';

test('what containers name has to be in the pod, wherever they name it', () => {
  const container = { name: 'a', volumeMounts: [{ name: 'v' }], volumeDevices: [{ name: 'v' }] };
  const value = { initContainers: [container], containers: [{ name: 'b', resources: { claims: [{ name: 'c' }] } }] };
  assert.deepEqual(
    podProblems({ value, type: 'PodSpec', field: 'spec', path: [] }).map(({ path }) => path.join('.')),
    ['initContainers.0.volumeMounts.0', 'initContainers.0.volumeDevices.0', 'containers.0.resources.claims.0'],
  );
});

test('resources that are null are not there', () => {
  assert.deepEqual(containerResourceProblems({ resources: { limits: { cpu: null }, requests: { cpu: 2 } } }), []);
  assert.deepEqual(containerResourceProblems({ resources: null }), []);
});
