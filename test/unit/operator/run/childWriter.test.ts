import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type Cluster, type KubeObject } from '../../../../src/operator/kube/cluster.ts';
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
const writerOf = (cluster: object, written: (child: KubeObject) => void = () => {}, clock = new ManualClock()) =>
  new ChildWriter(cluster as Cluster, clock, written);
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
  const writer = writerOf(cluster, (child) => seen.push(child));
  await writer.apply('n/digits', changes([job('a', 'ours')]));
  assert.deepEqual(seen, [there]);
  const { refusal } = await writer.apply('n/digits', changes([job('a', 'theirs')]));
  assert.match(String(refusal), /belongs to somebody else/);
});

test('a Job that has gone meanwhile is not suspended, and that is no failure', async () => {
  const cluster = {
    apply: async () => {
      throw new ApiError(404, 'NotFound', 'a');
    },
  };
  const writer = writerOf(cluster, () => assert.fail('nothing was written'));
  const { done, refusal } = await writer.apply('n/digits', {
    ...changes([]),
    suspend: [{ name: 'a', uid: 'u', value: true }],
  });
  assert.deepEqual([done, refusal], [true, undefined]);
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

test('one that is refused keeps no other waiting, and is known until all are done', async () => {
  const { create, answers, answer } = slowCluster();
  const clock = new ManualClock();
  const writer = writerOf({ create }, undefined, clock);
  const first = writer.apply('n/digits', changes(jobs(17)));
  await answer(['j0'], new Error('no quota'));
  await clock.advance(200);
  assert.match(String((await first).refusal), /no quota/);
  const second = writer.apply('n/digits', changes(jobs(17)));
  await answer(answers.keys());
  const { done, refusal, changes: made } = await second;
  assert.equal(done, true);
  assert.match(String(refusal), /no quota/);
  assert.equal(made.create.length, 16);
  const third = writer.apply('n/digits', changes(jobs(1)));
  await answer(answers.keys());
  assert.equal((await third).refusal, undefined, 'the next time it is tried again');
});

test('all runs together do not take more than the API server can answer', async () => {
  const { create, answers, answer } = slowCluster();
  const clock = new ManualClock();
  const writer = writerOf({ create }, undefined, clock);
  const runs = Array.from({ length: 10 }, (_, run) =>
    writer.apply(
      `n/run-${run}`,
      changes(
        jobs(20).map((each) => ({ ...each, metadata: { ...each.metadata, name: `${run}-${each.metadata.name}` } })),
      ),
    ),
  );
  await settle();
  assert.equal(answers.size, 64);
  await clock.advance(200);
  await answer(answers.keys());
  assert.ok((await Promise.all(runs)).every(({ done }) => !done));
});
