import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerProblems, containerResourceProblems, podProblems } from '../../../../src/api/spec/podContainers.ts';
import type { TypedObject } from '../../../../src/api/spec/podTypes.ts';

const typed = (type: string, field: string, value: object): TypedObject =>
  ({ value, type, field, path: [field] }) as TypedObject;
const ofPod = (spec: object) =>
  podProblems(typed('PodSpec', 'spec', spec)).map(({ path, message }) => `${path.join('.')}: ${message}`);
const ofContainer = (container: object, field = 'containers') =>
  containerProblems(typed('Container', field, container)).map(({ path }) => path.join('.'));

test('containers have names of their own, and mount volumes that the pod has', () => {
  const mount = (name: string) => ({ volumeMounts: [{ name, mountPath: '/x' }] });
  const problems = ofPod({
    volumes: [{ name: 'cache' }],
    containers: [
      { name: 'trainer', ...mount('cache') },
      { name: 'b', ...mount('gone') },
    ],
    initContainers: [{ name: 'trainer' }],
  });
  assert.deepEqual(problems, [
    'spec.initContainers.0: another container is called trainer already',
    'spec.containers.1.volumeMounts.0: the pod has no volume gone; add it to spec.volumes',
  ]);
});

test('what contradicts itself in a pod is named by its field', () => {
  assert.match(ofPod({ dnsPolicy: 'None' })[0] ?? '', /^spec\.dnsPolicy: None needs/);
  assert.match(ofPod({ hostUsers: false, hostPID: true })[0] ?? '', /^spec\.hostUsers/);
  assert.match(ofPod({ resources: { limits: { 'nvidia.com/gpu': 1 } } })[0] ?? '', /^spec\.resources: .*GPUs/);
  assert.deepEqual(ofPod({ containers: [{ name: 'trainer' }] }), []);
});

test('ports have names of their own, and only a sidecar among the init containers has probes', () => {
  assert.deepEqual(ofContainer({ ports: [{ name: 'a' }, { name: 'a' }, {}, {}] }), ['containers.ports.1']);
  const probed = { livenessProbe: {} };
  assert.deepEqual(ofContainer(probed, 'initContainers'), ['initContainers.livenessProbe']);
  assert.deepEqual(ofContainer({ ...probed, restartPolicy: 'Always' }, 'initContainers'), []);
});

test('resources of a container are judged as those of the run are', () => {
  const problems = containerResourceProblems({ resources: { requests: { 'nvidia.com/gpu': 1 } } });
  assert.deepEqual(
    problems.map(({ path }) => path.join('.')),
    ['resources.requests.nvidia.com/gpu'],
  );
  assert.deepEqual(containerResourceProblems({ resources: { limits: { cpu: null } } }), []);
});
