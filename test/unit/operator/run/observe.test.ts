import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, managedBy } from '../../../../src/api/names.ts';
import type { KubeObject } from '../../../../src/operator/kube/client.ts';
import { ObjectStore } from '../../../../src/operator/kube/store.ts';
import { observe } from '../../../../src/operator/run/observe.ts';

function owned(kind: string, name: string, owner: string): KubeObject {
  const reference = { apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner, controller: true };
  return { apiVersion: 'v1', kind, metadata: { name, uid: name, namespace: 'n', ownerReferences: [reference] } };
}
/** The claim of a run of this name, as its label says. */
function claimOf(run: string, owner: string, suffix = ''): KubeObject {
  const { metadata, ...rest } = owned('PersistentVolumeClaim', `${run}-checkpoints${suffix}`, owner);
  return { ...rest, metadata: { ...metadata, labels: { [labels.run]: run, [labels.managedBy]: managedBy } } };
}
function storeOf(...objects: KubeObject[]): ObjectStore {
  const store = new ObjectStore(labels.run);
  for (const object of objects) store.set(object);
  return store;
}

test('what a run has are its Jobs, their pods and its claim, and nothing of another run of the same name', () => {
  const stores = {
    jobs: storeOf(owned('Job', 'job', 'run'), owned('Job', 'other-job', 'other-run')),
    pods: storeOf(owned('Pod', 'pod', 'job'), owned('Pod', 'other-pod', 'other-job'), owned('Pod', 'stray', 'run')),
    claims: storeOf(claimOf('digits', 'run'), claimOf('digits', 'other-run', '-m0'), claimOf('others', 'run')),
  };
  const progress = new Map();
  const {
    jobs,
    pods,
    claims,
    progress: told,
  } = observe(stores, progress, {
    name: 'digits',
    namespace: 'n',
    uid: 'run',
  });
  assert.deepEqual(
    [jobs, pods, claims].map((list) => list.map(({ name }) => name)),
    [['job'], ['pod'], ['digits-checkpoints']],
  );
  assert.equal(told, progress);
});
