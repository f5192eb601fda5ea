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
  const { created, refused } = await writer.apply('n', changes([job('a', 'theirs')]));
  assert.deepEqual(created, []);
  assert.match(refused.get('a') ?? '', /belongs to somebody else/);
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

test('a child that is refused keeps no other from being made; a server that is away is no refusal', async () => {
  const answers: Record<string, ApiError> = {
    invalid: new ApiError(422, 'Invalid', 'spec.template'),
    quota: new ApiError(403, 'Forbidden', 'exceeded quota'),
    away: new ApiError(503, 'ServiceUnavailable', 'later'),
  };
  const create = async (_type: unknown, object: KubeObject) => {
    const answer = answers[object.metadata.name];
    if (answer !== undefined) throw answer;
    return object;
  };
  const writer = new ChildWriter({ create } as unknown as Cluster, () => {});
  const wanted = (...names: string[]) => changes(names.map((name) => job(name, 'ours')));
  const { created, refused } = await writer.apply('n', wanted('invalid', 'a', 'quota', 'b'));
  assert.deepEqual(created.map(({ metadata }) => metadata.name).sort(), ['a', 'b']);
  assert.deepEqual([...refused.keys()].sort(), ['invalid', 'quota']);
  await assert.rejects(writer.apply('n', wanted('a', 'away')), /later/);
});

test('no Job is made without the claim that its pods write to', async () => {
  const asked: string[] = [];
  const create = async (_type: unknown, object: KubeObject) => {
    asked.push(object.kind);
    if (object.kind === 'PersistentVolumeClaim') throw new ApiError(403, 'Forbidden', 'exceeded quota');
    return object;
  };
  const claim = { ...job('c', 'ours'), apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const { created, refused } = await new ChildWriter({ create } as unknown as Cluster, () => {}).apply(
    'n',
    changes([claim, job('a', 'ours')]),
  );
  assert.deepEqual([asked, created, [...refused.keys()]], [['PersistentVolumeClaim'], [], ['c']]);
});
