import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wholeTemplateProblems } from '../../../../src/api/spec/podWhole.ts';

test('a whole pod as people have it is right', () => {
  const trainer = {
    name: 'trainer',
    image: 'x',
    env: [{ name: 'A' }, { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } }],
    envFrom: [{ prefix: 'P_', secretRef: { name: 's', optional: true } }],
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    livenessProbe: { tcpSocket: { port: 'http' } },
    ports: [
      { name: 'http', containerPort: 80 },
      { containerPort: 80, protocol: 'UDP' },
    ],
    resources: { claims: [{ name: 'gpu' }] },
    volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }],
  };
  const sidecar = { name: 'log', image: 'x', restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } };
  const spec = {
    initContainers: [sidecar],
    containers: [trainer],
    volumes: [{ name: 'shm', emptyDir: { medium: 'Memory' } }, { name: 'none' }],
    resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'one' }],
    tolerations: [{ operator: 'Exists' }, { key: 'gpu', value: 'yes', effect: 'NoSchedule' }],
  };
  assert.deepEqual(wholeTemplateProblems({ spec }), []);
});

test('whatever stands in a template, the answer is a list of problems', () => {
  const field = fc.constantFrom('metadata', 'spec', 'containers', 'volumes', 'env', 'valueFrom', 'resources', 'ports');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(field, tie('value'), { maxKeys: 3 }),
      fc.array(tie('value'), { maxLength: 2 }),
    ),
  }));
  fc.assert(fc.property(value, (template) => void wholeTemplateProblems(template)));
});
