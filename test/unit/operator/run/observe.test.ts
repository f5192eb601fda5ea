import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, managedBy } from '../../../../src/api/names.ts';
import type { KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { ObjectStore } from '../../../../src/operator/kube/store.ts';
import { observe } from '../../../../src/operator/run/observe.ts';

function object(kind: string, name: string, owner?: string): KubeObject {
  const reference = { apiVersion: 'v1', kind: 'Owner', name: `${owner}`, uid: `${owner}`, controller: true };
  const ownerReferences = owner === undefined ? [] : [reference];
  const own = { [labels.run]: 'digits', [labels.managedBy]: managedBy };
  return { apiVersion: 'v1', kind, metadata: { name, uid: name, namespace: 'n', labels: own, ownerReferences } };
}
function storeOf(...objects: KubeObject[]): ObjectStore {
  const store = new ObjectStore();
  for (const each of objects) store.set(each);
  return store;
}

const claim = (owner?: string) => object('PersistentVolumeClaim', 'digits-checkpoints', owner);
const look = (...claims: KubeObject[]) =>
  observe(
    {
      jobs: storeOf(object('Job', 'job', 'run'), object('Job', 'other-job', 'other-run')),
      pods: storeOf(
        object('Pod', 'pod', 'job'),
        object('Pod', 'other-pod', 'other-job'),
        object('Pod', 'stray', 'run'),
      ),
      claims: storeOf(...claims),
    },
    new Map(),
    { name: 'digits', namespace: 'n', uid: 'run' },
  );
const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name);

test('what a run has are its Jobs and their pods, and nothing of another run of the same name', () => {
  const { jobs, pods } = look();
  assert.deepEqual([namesOf(jobs), namesOf(pods)], [['job'], ['pod']]);
});

test('a claim is known by its name, because one that outlives its run has no owner; another run’s is not the run’s', () => {
  assert.deepEqual(
    [look(claim()), look(claim('run')), look(claim('other-run'))].map(({ claims }) => namesOf(claims)),
    [['digits-checkpoints'], ['digits-checkpoints'], []],
  );
});
