import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller } from '../../../../src/operator/kube/controller.ts';
import { WorkQueue } from '../../../../src/operator/kube/workQueue.ts';
import { ManualClock, silent } from '../../../helpers/manualClock.ts';

type Reconcile = (key: string) => Promise<{ requeueAfterMs?: number }>;

function start(reconcile: Reconcile, workers = 2) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const results: string[] = [];
  const active: number[] = [];
  const metrics = {
    reconciled: (result: string) => void results.push(result),
    active: (count: number) => void active.push(count),
  };
  const controller = new Controller({ queue, clock, logger: silent, workers, metrics, reconcile });
  controller.start();
  return { clock, queue, controller, results, active };
}

test('a key that fails is tried again after a delay, and one that asks for it is looked at again', async () => {
  const tried: string[] = [];
  const { clock, queue, controller, results } = start(async (key) => {
    tried.push(key);
    if (key === 'fails' && tried.filter((other) => other === key).length < 3) throw new Error('not yet');
    return key === 'later' && tried.filter((other) => other === key).length < 2 ? { requeueAfterMs: 5000 } : {};
  });
  for (const key of ['fails', 'later']) queue.add(key);
  await clock.advance(4000);
  assert.equal(tried.filter((key) => key === 'later').length, 1);
  await clock.advance(60_000);
  assert.deepEqual(tried.toSorted(), ['fails', 'fails', 'fails', 'later', 'later']);
  assert.deepEqual(results.toSorted(), ['error', 'error', 'requeue_after', 'success', 'success']);
  await controller.stop();
});

test('several keys are worked at together, no more than there are workers, and no key twice at once', async () => {
  const done: (() => void)[] = [];
  const at: string[] = [];
  const { clock, queue, controller, active } = start(async (key) => {
    at.push(key);
    await new Promise<void>((resolve) => done.push(resolve));
    return {};
  });
  for (const key of ['a', 'a', 'b', 'c']) queue.add(key);
  await clock.advance(10);
  queue.add('a');
  await clock.advance(10);
  assert.deepEqual([at, Math.max(...active)], [['a', 'b'], 2]);
  const stopped = controller.stop();
  for (let i = 0; i < 4; i++) {
    for (const finish of done.splice(0)) finish();
    await clock.advance(10);
  }
  await stopped;
  assert.equal(active.at(-1), 0, 'what a worker was at is finished');
});
