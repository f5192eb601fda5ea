import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WorkQueue } from '../../../../src/operator/kube/workQueue.ts';
import { ManualClock, settle } from '../../../helpers/manualClock.ts';

const random = () => 0;
const createQueue = (clock = new ManualClock()) => ({ clock, queue: new WorkQueue({ clock, random }) });

test('a key that is added twice is worked on once', async () => {
  const { queue } = createQueue();
  queue.add('a');
  queue.add('a');
  assert.equal(await queue.take(), 'a');
  assert.equal(queue.depth, 0);
});

test('a key that is added while it is worked on comes once more, afterwards', async () => {
  const { queue } = createQueue();
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.depth, 0, 'not while it is worked on');
  queue.done('a');
  assert.equal(queue.depth, 1);
});

test('a taker that waits gets the next key', async () => {
  const { queue } = createQueue();
  const taken = queue.take();
  queue.add('a');
  assert.equal(await taken, 'a');
});

test('the longest work at hand is timed, also where its key is added meanwhile', async () => {
  const { clock, queue } = createQueue();
  assert.equal(queue.longestMs, 0);
  for (const key of ['a', 'b']) {
    queue.add(key);
    await queue.take();
    await clock.advance(1000);
  }
  queue.add('a');
  assert.equal(queue.longestMs, 2000);
  queue.done('a');
  await queue.take();
  assert.equal(queue.longestMs, 1000, 'b is now the longest');
  queue.done('b');
  queue.done('a');
  assert.equal(queue.longestMs, 0);
});

test('failures come back after a doubling delay, which is forgotten on success', async () => {
  const { clock, queue } = createQueue();
  for (const delay of [100, 200, 400]) {
    queue.retry('a');
    await clock.advance(delay - 1);
    assert.equal(queue.depth, 0);
    await clock.advance(1);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
  }
  queue.forget('a');
  queue.retry('a');
  await clock.advance(100);
  assert.equal(queue.depth, 1);
});

test('of two later times the earlier holds', async () => {
  const { clock, queue } = createQueue();
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 900);
  await clock.advance(100);
  assert.equal(await queue.take(), 'a');
  queue.done('a');
  await clock.advance(10_000);
  assert.equal(queue.depth, 0);
});

test('closing wakes those who wait, and nothing is taken any more', async () => {
  const { queue } = createQueue();
  const taken = queue.take();
  queue.close();
  assert.equal(await taken, undefined);
  queue.add('a');
  assert.equal(await queue.take(), undefined);
});

test('no key is lost, and none is worked on by two workers at once', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constantFrom('finish' as const, 'fail' as const), worker: fc.nat(2) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const { clock, queue } = createQueue();
      const working: (string | undefined)[] = [undefined, undefined, undefined];
      const owed = new Set<string>();
      const worker = async (index: number) => {
        const key = await queue.take();
        if (key === undefined) return;
        assert.ok(!working.includes(key), `${key} is worked on twice`);
        working[index] = key;
        owed.delete(key);
      };
      for (let i = 0; i < 3; i++) void worker(i);
      for (const action of actions) {
        if (action.kind === 'add') {
          owed.add(action.key);
          queue.add(action.key);
        } else {
          const key = working[action.worker];
          if (key === undefined) continue;
          if (action.kind === 'fail') {
            owed.add(key);
            queue.retry(key);
          }
          working[action.worker] = undefined;
          queue.done(key);
          void worker(action.worker);
        }
        await settle();
      }
      // Everything that was asked for happens once the workers are free and time has passed.
      for (let round = 0; round < 20 && owed.size > 0; round++) {
        await clock.advance(600_000);
        for (const [index, key] of working.entries()) {
          if (key === undefined) continue;
          working[index] = undefined;
          queue.done(key);
          void worker(index);
        }
        await settle();
      }
      assert.deepEqual([...owed], []);
      queue.close();
    }),
    { numRuns: 60 },
  );
});

/** A queue whose keys rest 300 ms, and when each was taken since the beginning. */
function restingQueue() {
  const clock = new ManualClock(0);
  const waited: number[] = [];
  const queue = new WorkQueue({ clock, random, interval: 300, onTaken: (milliseconds) => waited.push(milliseconds) });
  const taken: [string, number][] = [];
  const work = async () => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      taken.push([key, clock.now()]);
      queue.done(key);
    }
  };
  void work();
  return { clock, queue, taken, waited };
}

test('a key is taken at once, then once an interval however often it is added, and the last time is not forgotten', async () => {
  const { clock, queue, taken, waited } = restingQueue();
  for (let i = 0; i < 100; i++) {
    queue.add('a');
    await clock.advance(10);
  }
  await clock.advance(10_000);
  assert.deepEqual(
    taken.map(([, at]) => at),
    [0, 300, 600, 900, 1200],
  );
  assert.equal(waited.length, 5);
  assert.ok(waited.every((milliseconds) => milliseconds <= 300));
  queue.close();
});

test('one that rests keeps no other waiting', async () => {
  const { clock, queue, taken } = restingQueue();
  queue.add('a');
  await clock.advance(0);
  queue.add('a');
  queue.add('b');
  await clock.advance(299);
  assert.deepEqual(taken, [
    ['a', 0],
    ['b', 0],
  ]);
  assert.equal(queue.depth, 0, 'what rests does not wait for a worker');
  await clock.advance(1);
  assert.deepEqual(taken.at(-1), ['a', 300]);
  queue.close();
});

test('how long an added key has waited is told; one that comes by the clock has waited for nothing', async () => {
  const { clock, queue, taken, waited } = restingQueue();
  queue.add('a');
  await clock.advance(100);
  queue.add('a');
  await clock.advance(50);
  queue.add('a');
  await clock.advance(1000);
  queue.addAfter('a', 1000);
  await clock.advance(1000);
  assert.equal(taken.length, 3);
  assert.deepEqual(waited, [0, 200]);
  queue.close();
});
