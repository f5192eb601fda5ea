import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Objects } from '../../../src/local/objects.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { types } from '../../../src/operator/types.ts';

const object = (kind: string, name: string, extra: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { namespace: 'n', name },
  ...extra,
});
const create = () => new Objects(() => Date.parse('2026-01-01T00:00:00Z'));

test('a name is taken once; a version that has passed is a conflict', () => {
  const objects = create();
  const first = objects.create(types.job, object('Job', 'a', { spec: { suspend: false } }));
  assert.throws(() => objects.create(types.job, object('Job', 'a')), { status: 409, reason: 'AlreadyExists' });
  objects.replace(types.job, { ...first, spec: { suspend: true } });
  assert.throws(() => objects.replace(types.job, first), { status: 409, reason: 'Conflict' });
});

test('the generation counts changes of the spec, not of the status', () => {
  const objects = create();
  const first = objects.create(types.job, object('Job', 'a', { spec: { suspend: false } }));
  const withStatus = objects.apply(types.job, object('Job', 'a', { status: { active: 1 } }), 'me', 'status');
  assert.deepEqual([withStatus.metadata.generation, withStatus.spec], [1, first.spec]);
  const changed = objects.apply(types.job, object('Job', 'a', { spec: { suspend: true } }), 'me');
  assert.deepEqual([changed.metadata.generation, changed.status], [2, { active: 1 }]);
});

test('writing what is there already changes no version', () => {
  const objects = create();
  const first = objects.create(types.job, object('Job', 'a', { spec: { suspend: true } }));
  const again = objects.apply(types.job, object('Job', 'a', { spec: { suspend: true } }), 'me');
  assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
});

test('an apply that names another uid, or a status of nothing, creates nothing', () => {
  const objects = create();
  assert.throws(() => objects.apply(types.job, object('Job', 'a', { status: {} }), 'me', 'status'), { status: 404 });
  assert.throws(
    () =>
      objects.apply(types.job, { ...object('Job', 'a'), metadata: { namespace: 'n', name: 'a', uid: 'gone' } }, 'me'),
    { status: 409 },
  );
  assert.equal(objects.list(types.job).length, 0);
});

test('an owner goes after its dependents, and they wait for their finalizers', () => {
  const objects = create();
  const run = objects.create(types.run, object('DisentangledDiffusionRun', 'r'));
  const owned = (kind: string, name: string, owner: KubeObject, finalizers: string[] = []) => ({
    ...object(kind, name),
    metadata: {
      namespace: 'n',
      name,
      finalizers,
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
  });
  const job = objects.create(types.job, owned('Job', 'j', run));
  const pod = objects.create(types.pod, owned('Pod', 'p', job, ['process']));
  assert.equal(objects.delete(types.run, 'n/r', 'another-uid'), false);
  assert.equal(objects.delete(types.run, 'n/r'), true);
  for (const [type, key] of [
    [types.run, 'n/r'],
    [types.job, 'n/j'],
    [types.pod, 'n/p'],
  ] as const) {
    assert.ok(objects.get(type, key)?.metadata.deletionTimestamp !== undefined, `${key} is marked and waits`);
  }
  const marked = objects.get(types.pod, 'n/p') as KubeObject;
  objects.replace(types.pod, { ...marked, metadata: { ...marked.metadata, finalizers: [] } as KubeObject['metadata'] });
  assert.deepEqual(
    [types.run, types.job, types.pod].map((type) => objects.list(type).length),
    [0, 0, 0],
  );
  assert.ok(pod.metadata.uid);
});
