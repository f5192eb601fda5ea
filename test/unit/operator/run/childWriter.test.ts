import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type Client, type KubeObject } from '../../../../src/operator/kube/client.ts';
import { type Changes, noChanges } from '../../../../src/operator/plan/changes.ts';
import { PodsForbidden } from '../../../../src/operator/run/cause.ts';
import { ChildWriter } from '../../../../src/operator/run/childWriter.ts';
import { ManualClock, settle } from '../../../helpers/manualClock.ts';

const job = (name: string, owner: string): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    namespace: 'n',
    name,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Run', name: 'digits', uid: owner, controller: true }],
  },
});
const writerOf = (client: object, written: (child: KubeObject) => void = () => {}, clock = new ManualClock()) =>
  new ChildWriter(client as Client, clock, written);
const changes = (create: KubeObject[]): Changes => ({ ...noChanges, create });

test('a child that is there already and ours is taken as it is', async () => {
  const there = job('a', 'ours');
  const client = {
    create: async () => {
      throw new ApiError(409, 'AlreadyExists', 'a');
    },
    get: async () => there,
  };
  const seen: KubeObject[] = [];
  const writer = writerOf(client, (child) => seen.push(child));
  await writer.apply('n/digits', changes([job('a', 'ours')]));
  assert.deepEqual(seen, [there]);
  const { taken, refused } = await writer.apply('n/digits', changes([job('a', 'theirs')]));
  assert.deepEqual([...taken], []);
  assert.match(refused.get('a')?.message ?? '', /belongs to somebody else/);
});

test('a child whose name is taken, by whom cannot be asked now, is not refused: it is tried again', async () => {
  const client = {
    create: async () => {
      throw new ApiError(409, 'AlreadyExists', 'a');
    },
    get: async () => {
      throw new ApiError(500, 'InternalError', 'etcd is away');
    },
  };
  const { refused, failure } = await writerOf(client).apply('n/digits', changes([job('a', 'ours')]));
  assert.equal(refused.size, 0);
  assert.match(String(failure), /etcd is away/);
});

test('a Job that has gone meanwhile is not suspended, and that is no failure', async () => {
  const client = {
    apply: async () => {
      throw new ApiError(404, 'NotFound', 'a');
    },
  };
  const writer = writerOf(client, () => assert.fail('nothing was written'));
  await writer.apply('n/digits', { ...changes([]), suspend: [{ name: 'a', uid: 'u', value: true }] });
});

test('a Job that conflicts and is still there is suspended by another try', async () => {
  const there = { ...job('a', 'ours'), metadata: { ...job('a', 'ours').metadata, uid: 'u' } };
  const client = {
    apply: async () => {
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    },
    get: async () => there,
  };
  const suspend = [{ name: 'a', uid: 'u', value: true }];
  const { failure } = await writerOf(client).apply('n/digits', { ...changes([]), suspend });
  assert.match(String(failure), /has been modified/);
  const [another] = suspend.map((change) => ({ ...change, uid: 'gone' }));
  assert.ok(another);
  const gone = await writerOf(client).apply('n/digits', { ...changes([]), suspend: [another] });
  assert.equal(gone.failure, undefined);
});

test('a claim that was changed meanwhile is given to its run by another try', async () => {
  const client = {
    get: async () => claim('ours'),
    replace: async () => {
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    },
  };
  const reown = [{ name: 'digits-checkpoints', uid: 'claim', owners: [] }];
  const { failure, refused } = await writerOf(client).apply('n/digits', { ...noChanges, reown });
  assert.match(String(failure), /has been modified/);
  assert.equal(refused.size, 0);
});

test('children are created with strict validation of their fields', async () => {
  const options: unknown[] = [];
  const create = async (_type: unknown, object: KubeObject, given: unknown) => {
    options.push(given);
    return object;
  };
  await writerOf({ create }).apply('n/digits', changes([job('a', 'ours')]));
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
  const writer = writerOf({ create });
  const wanted = (...names: string[]) => changes(names.map((name) => job(name, 'ours')));
  const { taken, refused } = await writer.apply('n/digits', wanted('invalid', 'a', 'quota', 'b'));
  assert.deepEqual([...taken].sort(), ['a', 'b']);
  assert.deepEqual([...refused.keys()].sort(), ['invalid', 'quota']);
  const { taken: others, refused: none, failure } = await writer.apply('n/digits', wanted('a', 'away'));
  assert.deepEqual([[...others], none.size], [['a'], 0]);
  assert.match(String(failure), /later/);
});

test('no Job is made without the claims that its pods mount, and none waits for those of others', async () => {
  const asked: string[] = [];
  const create = async (_type: unknown, object: KubeObject) => {
    asked.push(object.metadata.name);
    if (object.metadata.name === 'full') throw new ApiError(403, 'Forbidden', 'exceeded quota');
    return object;
  };
  const claimOf = (name: string) => ({ ...job(name, 'ours'), apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  const mounting = (name: string, ...claims: string[]) => {
    const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
    return {
      ...job(name, 'ours'),
      spec: { template: { spec: { volumes: [{ name: 'tmp', emptyDir: {} }, ...volumes] } } },
    };
  };
  const wanted = [
    claimOf('full'),
    claimOf('free'),
    mounting('a', 'full'),
    mounting('b', 'free'),
    mounting('c', 'there'),
  ];
  const { taken, refused } = await writerOf({ create }).apply('n/digits', changes(wanted));
  assert.deepEqual(asked, ['full', 'free', 'b', 'c']);
  assert.deepEqual([[...taken], [...refused.keys()]], [['free', 'b', 'c'], ['full']]);
});

test('a claim that is not needed any more is deleted, by its uid; one that may not be is told of by its name', async () => {
  const asked: unknown[] = [];
  const remove = async (_type: unknown, ...rest: unknown[]) => {
    asked.push(rest);
    if (rest[1] === 'b') throw new ApiError(403, 'Forbidden', 'cannot delete persistentvolumeclaims');
    return true;
  };
  const discard = ['a', 'b'].map((name) => ({ name, uid: `uid-${name}` }));
  const { refused, changes: made } = await writerOf({ delete: remove }).apply('n/digits', { ...noChanges, discard });
  assert.deepEqual(asked, [
    ['n', 'a', 'uid-a'],
    ['n', 'b', 'uid-b'],
  ]);
  assert.deepEqual([made.discard.map(({ name }) => name), [...refused.keys()]], [['a'], ['b']]);
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
    const client = {
      create: async () => {
        throw new ApiError(409, 'AlreadyExists', 'a');
      },
      get: async () => there,
    };
    const { taken } = await writerOf(client).apply('n/digits', changes([claim()]));
    assert.equal(taken.has('digits-checkpoints'), ours);
  }
});

test('a child of a deleted run that is still on its way out is waited for, and no refusal', async () => {
  const leaving = job('a', 'the run before');
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const client = {
    create: async () => {
      throw new ApiError(409, 'AlreadyExists', 'a');
    },
    get: async () => leaving,
  };
  const { refused, failure } = await writerOf(client).apply('n/digits', changes([job('a', 'ours')]));
  assert.equal(refused.size, 0);
  assert.match(String(failure), /still being deleted/);
});

test('a claim is given to its run, or taken from it, whoever else has a part in it; one that was replaced is left', async () => {
  const [owner] = claim('ours').metadata.ownerReferences ?? [];
  assert.ok(owner);
  const friend = { apiVersion: 'v1', kind: 'ConfigMap', name: 'friend', uid: 'friend' };
  const there = claim('ours');
  there.metadata.ownerReferences?.push(friend);
  const written: KubeObject[] = [];
  const client = {
    get: async () => there,
    replace: async (_type: unknown, object: KubeObject) => {
      written.push(object);
      return object;
    },
  };
  const writer = writerOf(client);
  const reown = (uid: string, owners: (typeof owner)[]) =>
    writer.apply('n/digits', { ...noChanges, reown: [{ name: 'digits-checkpoints', uid, owners }] });
  await reown('claim', []);
  await reown('claim', [owner]);
  await reown('another', []);
  assert.deepEqual(
    written.map(({ metadata }) => metadata.ownerReferences),
    [[friend], [friend, owner]],
  );
});

/** A cluster that answers a creation when the test says so. */
function slowCluster() {
  const answers = new Map<string, (error?: Error) => void>();
  const create = (_type: unknown, object: KubeObject) =>
    new Promise<KubeObject>((resolve, reject) => {
      answers.set(object.metadata.name, (error) => (error === undefined ? resolve(object) : reject(error)));
    });
  const answer = async (names: Iterable<string>, error?: Error) => {
    for (const name of [...names]) {
      answers.get(name)?.(error);
      answers.delete(name);
    }
    await settle();
  };
  return { create, answers, answer };
}
const jobs = (count: number) => Array.from({ length: count }, (_, i) => job(`j${i}`, 'ours'));

test('what takes long goes on beside the next look, sixteen at once, and nothing is sent twice', async () => {
  const { create, answers, answer } = slowCluster();
  const clock = new ManualClock();
  const writer = writerOf({ create }, undefined, clock);
  const first = writer.apply('n/digits', changes(jobs(20)));
  await clock.advance(200);
  assert.equal((await first).done, false);
  assert.equal(answers.size, 16);
  const second = writer.apply('n/digits', changes(jobs(20)));
  await settle();
  assert.equal(answers.size, 16, 'those under way count');
  await answer(answers.keys());
  assert.deepEqual([...answers.keys()], ['j16', 'j17', 'j18', 'j19']);
  await answer(answers.keys());
  const { done, changes: made } = await second;
  assert.equal(done, true);
  assert.equal(made.create.length, 20, 'what was made is told at the end, once');
  await writer.settled();
});

test('one that is refused or cut off keeps no other waiting', async () => {
  const { create, answers, answer } = slowCluster();
  const clock = new ManualClock();
  const writer = writerOf({ create }, undefined, clock);
  const first = writer.apply('n/digits', changes(jobs(17)));
  await answer(['j0'], new ApiError(403, 'Forbidden', 'no quota'));
  await answer(['j1'], new Error('cut off'));
  await clock.advance(200);
  const { refused, failure } = await first;
  assert.match(refused.get('j0')?.message ?? '', /no quota/);
  assert.equal(failure, undefined, 'the others first');
  const second = writer.apply('n/digits', changes(jobs(17)));
  await answer(answers.keys());
  const last = await second;
  assert.deepEqual([last.done, last.refused.size, last.changes.create.length], [true, 0, 15]);
  assert.match(String(last.failure), /cut off/);
  const third = writer.apply('n/digits', changes(jobs(1)));
  await answer(answers.keys());
  assert.deepEqual([...(await third).taken], ['j0'], 'the next time it is tried again');
});

test('a Job whose pods are forbidden is refused unsent, and keeps no other from being made', async () => {
  const sent: string[] = [];
  const create = async (_type: unknown, object: KubeObject) => {
    sent.push(object.metadata.name);
    return object;
  };
  const admit = async ({ metadata }: KubeObject) => {
    if (metadata.name === 'a') throw new PodsForbidden('spec.hostNetwork');
  };
  const writer = new ChildWriter({ create } as unknown as Client, new ManualClock(), () => {}, admit);
  const { refused, taken } = await writer.apply('n/digits', changes([job('a', 'ours'), job('b', 'ours')]));
  assert.deepEqual([sent, [...taken]], [['b'], ['b']]);
  assert.deepEqual([...refused], [['a', { reason: 'PodSecurity', message: 'spec.hostNetwork' }]]);
});
