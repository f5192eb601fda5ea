import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { ObjectStore } from '../../../../src/operator/kube/store.ts';
import { observe } from '../../../../src/operator/run/observe.ts';

function owned(kind: string, name: string, owner: string): KubeObject {
  const reference = { apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner, controller: true };
  return { apiVersion: 'v1', kind, metadata: { name, uid: name, namespace: 'n', ownerReferences: [reference] } };
}
function storeOf(...objects: KubeObject[]): ObjectStore {
  const store = new ObjectStore();
  for (const object of objects) store.set(object);
  return store;
}

test('what a run has are its Jobs, their pods and its claims, and nothing of another run of the same name', () => {
  const stores = {
    jobs: storeOf(owned('Job', 'job', 'run'), owned('Job', 'other-job', 'other-run')),
    pods: storeOf(owned('Pod', 'pod', 'job'), owned('Pod', 'other-pod', 'other-job'), owned('Pod', 'stray', 'run')),
    claims: storeOf(owned('PersistentVolumeClaim', 'digits-checkpoints', 'run')),
  };
  const progress = new Map();
  const {
    jobs,
    pods,
    claims,
    progress: told,
  } = observe(stores, progress, { name: 'digits', namespace: 'n', uid: 'run' });
  assert.deepEqual(
    [jobs, pods, claims].map((list) => list.map(({ name }) => name)),
    [['job'], ['pod'], ['digits-checkpoints']],
  );
  assert.equal(told, progress);
});
