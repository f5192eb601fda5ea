import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type Cluster, type KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { type Changes, noChanges } from '../../../../src/operator/plan/changes.ts';
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
const changes = (create: KubeObject[]): Changes => ({ ...noChanges, create });

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
  const { taken, refused } = await writer.apply('n', changes([job('a', 'theirs')]));
  assert.deepEqual([...taken], []);
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
  const { taken, refused } = await writer.apply('n', wanted('invalid', 'a', 'quota', 'b'));
  assert.deepEqual([...taken].sort(), ['a', 'b']);
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
  const { taken, refused } = await new ChildWriter({ create } as unknown as Cluster, () => {}).apply(
    'n',
    changes([claim, job('a', 'ours')]),
  );
  assert.deepEqual([asked, [...taken], [...refused.keys()]], [['PersistentVolumeClaim'], [], ['c']]);
});

const claim = (owner?: string, own: Record<string, string> = {}): KubeObject => ({
  ...job('digits-checkpoints', owner ?? ''),
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  metadata: {
    ...job('digits-checkpoints', owner ?? '').metadata,
    uid: 'claim',
    labels: { 'tspace.dev/run': 'digits', 'app.kubernetes.io/managed-by': 'disentangled-diffusion', ...own },
    ...(owner === undefined && { ownerReferences: undefined }),
  },
});

test('a claim that a run of this name has left is taken; one of somebody else’s, or of another run, is not', async () => {
  for (const [there, ours] of [
    [claim(), true],
    [claim(undefined, { 'tspace.dev/run': 'other' }), false],
    [claim(undefined, { 'app.kubernetes.io/managed-by': 'me' }), false],
    [claim('the run before'), false],
  ] as const) {
    const cluster = {
      create: async () => {
        throw new ApiError(409, 'AlreadyExists', 'a');
      },
      get: async () => there,
    };
    const { taken } = await new ChildWriter(cluster as unknown as Cluster, () => {}).apply('n', changes([claim()]));
    assert.equal(taken.has('digits-checkpoints'), ours);
  }
});

test('a child of a deleted run that is still on its way out is waited for, and no refusal', async () => {
  const leaving = job('a', 'the run before');
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const cluster = {
    create: async () => {
      throw new ApiError(409, 'AlreadyExists', 'a');
    },
    get: async () => leaving,
  };
  const writer = new ChildWriter(cluster as unknown as Cluster, () => {});
  await assert.rejects(writer.apply('n', changes([job('a', 'ours')])), /still being deleted/);
});

test('a claim is given to its run, or taken from it, whoever else has a part in it; one that was replaced is left', async () => {
  const [owner] = claim('ours').metadata.ownerReferences ?? [];
  assert.ok(owner);
  const friend = { apiVersion: 'v1', kind: 'ConfigMap', name: 'friend', uid: 'friend' };
  const there = claim('ours');
  there.metadata.ownerReferences?.push(friend);
  const written: KubeObject[] = [];
  const cluster = {
    get: async () => there,
    replace: async (_type: unknown, object: KubeObject) => {
      written.push(object);
      return object;
    },
  };
  const writer = new ChildWriter(cluster as unknown as Cluster, () => {});
  const reown = (uid: string, owners: (typeof owner)[]) =>
    writer.apply('n', { ...noChanges, reown: [{ name: 'digits-checkpoints', uid, owners }] });
  await reown('claim', []);
  await reown('claim', [owner]);
  await reown('another', []);
  assert.deepEqual(
    written.map(({ metadata }) => metadata.ownerReferences),
    [[friend], [friend, owner]],
  );
});
