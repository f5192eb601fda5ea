import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePodSpec, pathMapping } from '../../../src/local/podSpec.ts';

const container = (fields: object = {}) => ({ name: 'trainer', image: 'any', ...fields });

test('what only a cluster has is refused, with what to leave out', () => {
  for (const [spec, says] of [
    [{ containers: [container(), container()] }, /one container/],
    [{ containers: [container()], initContainers: [container()] }, /init container/],
    [{ containers: [container({ envFrom: [{}] })] }, /envFrom/],
    [{ containers: [container({ env: [{ name: 'A', valueFrom: {} }] })] }, /another object/],
    [{ containers: [container()], volumes: [{ name: 'v', nfs: {} }] }, /use a persistentVolumeClaim/],
  ] as const)
    assert.throws(() => parsePodSpec(spec, 'pod a'), { code: 'InvalidSpec', where: 'pod a', message: says });
});

test('where a pod runs and with which rights is passed over', () => {
  const spec = {
    containers: [container({ securityContext: {} })],
    nodeSelector: { gpu: 'h100' },
    serviceAccountName: 'x',
  };
  assert.equal(parsePodSpec(spec, '').terminationGracePeriodSeconds, 30);
});

test('paths below a mount are in its volume’s folder, the longest mount first; others stay', () => {
  const volumeMounts = [
    { name: 'run', mountPath: '/volumes/run' },
    { name: 'data', mountPath: '/volumes/run/data/', subPath: 'mnist' },
    { name: 'host', mountPath: '/host' },
    { name: 'scratch', mountPath: '/tmp' },
  ];
  const volumes = [
    { name: 'run', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'host', hostPath: { path: '/srv' } },
    { name: 'scratch', emptyDir: {} },
  ];
  const spec = parsePodSpec({ containers: [container({ volumeMounts })], volumes }, '');
  const local = pathMapping(spec, { claim: (name) => `/home/${name}`, empty: (name) => `/empty/${name}` });
  assert.deepEqual(
    ['/volumes/run', '/volumes/run/a', '/volumes/run/data/b', '/volumes/runs', '/host/c', '/tmp', 'text'].map(local),
    ['/home/claim', '/home/claim/a', '/home/data/mnist/b', '/volumes/runs', '/srv/c', '/empty/scratch', 'text'],
  );
});

test('a mount without its volume is refused', () => {
  const spec = parsePodSpec({ containers: [container({ volumeMounts: [{ name: 'no', mountPath: '/a' }] })] }, '');
  assert.throws(() => pathMapping(spec, { claim: String, empty: String }), { code: 'InvalidSpec', where: '/a' });
});
