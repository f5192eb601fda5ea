import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type Cluster, type KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { ChildWriter } from '../../../../src/operator/run/childWriter.ts';

const job = (name: string, owner: string): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    namespace: 'n',
    name,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Run', name: 'digits', uid: owner, controller: true }],
  },
});
const changes = (create: KubeObject[]) => ({ create, suspend: [], remove: [], former: [] });

test('a child that is there already and ours is taken as it is', async () => {
  const there = job('a', 'ours');
  const cluster = {
    create: async () => {
      throw new ApiError(409, 'AlreadyExists', 'a');
    },
    get: async () => there,
  };
  const seen: KubeObject[] = [];
  const writer = new ChildWriter(cluster as unknown as Cluster, (child) => seen.push(child));
  await writer.apply('n', changes([job('a', 'ours')]));
  assert.deepEqual(seen, [there]);
  await assert.rejects(writer.apply('n', changes([job('a', 'theirs')])), /belongs to somebody else/);
});

test('a Job that has gone meanwhile is not suspended, and that is no failure', async () => {
  const cluster = {
    apply: async () => {
      throw new ApiError(404, 'NotFound', 'a');
    },
  };
  const writer = new ChildWriter(cluster as unknown as Cluster, () => assert.fail('nothing was written'));
  await writer.apply('n', { ...changes([]), suspend: [{ name: 'a', uid: 'u', value: true }] });
});

test('children are created with strict validation of their fields', async () => {
  const options: unknown[] = [];
  const create = async (_type: unknown, object: KubeObject, given: unknown) => {
    options.push(given);
    return object;
  };
  await new ChildWriter({ create } as unknown as Cluster, () => {}).apply('n', changes([job('a', 'ours')]));
  assert.deepEqual(options, [{ fieldManager: 'disentangled-diffusion', strict: true }]);
});
