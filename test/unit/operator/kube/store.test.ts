import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../src/operator/kube/client.ts';
import { ObjectStore } from '../../../../src/operator/kube/store.ts';

const pod = (name: string, resourceVersion: string, owner?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'n',
    resourceVersion,
    ownerReferences:
      owner === undefined ? [] : [{ apiVersion: 'v1', kind: 'Job', name: owner, uid: owner, controller: true }],
  },
});
const namesOf = (objects: Iterable<KubeObject>) => [...objects].map(({ metadata }) => metadata.name);

test('objects are found by key and by owner, also when their owner has changed', () => {
  const store = new ObjectStore();
  store.set(pod('a', '1', 'x'));
  store.set(pod('b', '1', 'x'));
  store.set(pod('c', '1'));
  assert.deepEqual([namesOf(store.ownedBy('x')), store.get('n/c')?.metadata.name], [['a', 'b'], 'c']);
  store.set(pod('a', '2', 'y'));
  assert.deepEqual([namesOf(store.ownedBy('x')), namesOf(store.ownedBy('y'))], [['b'], ['a']]);
  store.remove('n/a');
  assert.deepEqual([namesOf(store.ownedBy('y')), store.get('n/a')], [[], undefined]);
});

test('of a list those are told that are new, have changed or are gone', () => {
  const store = new ObjectStore();
  for (const name of ['same', 'changed', 'gone']) store.set(pod(name, '1', 'x'));
  const told = store.replaceAll([pod('same', '1', 'x'), pod('changed', '2', 'x'), pod('new', '1', 'x')]);
  assert.deepEqual(namesOf(told).toSorted(), ['changed', 'gone', 'new']);
  assert.deepEqual(namesOf(store.all()).toSorted(), ['changed', 'new', 'same']);
  assert.deepEqual(namesOf(store.ownedBy('x')).toSorted(), ['changed', 'new', 'same']);
});

test('objects are found by the label that the store was told, also when its value has changed', () => {
  const store = new ObjectStore('run');
  const labelled = (name: string, run: string): KubeObject => {
    const { metadata, ...rest } = pod(name, '1');
    return { ...rest, metadata: { ...metadata, labels: { run } } };
  };
  for (const object of [labelled('a', 'x'), labelled('b', 'x'), pod('c', '1')]) store.set(object);
  assert.deepEqual(namesOf(store.labelled('n/x')), ['a', 'b']);
  store.set(labelled('a', 'y'));
  assert.deepEqual([namesOf(store.labelled('n/x')), namesOf(store.labelled('n/y'))], [['b'], ['a']]);
  store.remove('n/a');
  assert.deepEqual([namesOf(store.labelled('n/y')), namesOf(new ObjectStore().labelled('n/x'))], [[], []]);
});
