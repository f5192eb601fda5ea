import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOwnKey, ownNameProblems } from '../../../../src/api/spec/ownNames.ts';

const pathsOf = (template: unknown) => ownNameProblems(template).map(({ path }) => path.join('.'));

test('keys of the operator are its domain’s and the label that children are found by', () => {
  for (const key of ['tspace.dev/run', 'tspace.dev/new', 'app.kubernetes.io/managed-by']) assert.ok(isOwnKey(key), key);
  for (const key of ['run', 'tspace.dev', 'x.tspace.dev/run', 'app.kubernetes.io/name']) assert.ok(!isOwnKey(key), key);
});

test('only what the operator says itself is named, each where it stands', () => {
  const trainer = {
    name: 'trainer',
    env: [
      { name: 'DDR_TASK', value: 'x' },
      { name: 'NCCL_DEBUG', value: 'INFO' },
    ],
    volumeMounts: [
      { name: 'cache', mountPath: '/cache' },
      { name: 'cache', mountPath: '/volumes/run' },
    ],
  };
  const template = {
    metadata: { labels: { team: 'a', 'tspace.dev/run': 'x' } },
    spec: {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'tmp' }, { name: 'run' }, { name: 'model-12' }, { name: 'model' }],
      containers: [trainer, { ...trainer, name: 'sidecar' }],
      initContainers: [{ name: 'trainer' }],
    },
  };
  assert.deepEqual(pathsOf(template), [
    'metadata.labels.tspace.dev/run',
    'spec.volumes.1.name',
    'spec.volumes.2.name',
    'spec.containers.0.env.0.name',
    'spec.containers.0.volumeMounts.1',
    'spec.initContainers.0.name',
    'spec.restartPolicy',
  ]);
});

test('what is no template, or no object where one belongs, has no names', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => ownNameProblems({ metadata: value, spec: value }).length >= 0));
  assert.deepEqual(pathsOf(undefined), []);
});
