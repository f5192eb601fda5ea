import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import { runLayout } from '../../../../src/api/layout.ts';
import type { AggregateTask } from '../../../../src/api/task.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
import { awaitModels, isAwaited } from '../../../../src/trainer/aggregate/awaitModels.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

/** A run of three models of which this cluster trains the first; those of the others can be taken away and brought. */
async function shared(t: Parameters<typeof aggregatedRun>[0]) {
  const { aggregateTask, root, store } = await aggregatedRun(t);
  const task: AggregateTask = { ...aggregateTask, own: { first: 0, last: 0 } };
  const layout = runLayout(task.directory);
  const finalOf = (index: number) => join(root, layout.model(task.models[index] ?? '').final);
  const aside = (index: number) => join(root, `model-${index}`);
  rmSync(join(root, layout.bundle(task.hash)), { recursive: true });
  return {
    task,
    store,
    take(index: number) {
      cpSync(finalOf(index), aside(index), { recursive: true });
      rmSync(finalOf(index), { recursive: true });
    },
    bring: (index: number) => cpSync(aside(index), finalOf(index), { recursive: true }),
  };
}

test('models outside of a share are awaited, and none where a run trains all', () => {
  const own = { first: 1, last: 2 };
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => isAwaited({ own }, index)),
    [true, false, false, true],
  );
  assert.ok(!isAwaited({}, 0));
});

test('it waits with back-off, tells how many are missing, and goes on when the last is there', async (t) => {
  const { task, store, take, bring } = await shared(t);
  take(1);
  take(2);
  const context = trainerContext(store);
  const pauses: number[] = [];
  await awaitModels(task, context, async (seconds) => {
    pauses.push(seconds);
    if (pauses.length === 7) bring(2);
    if (pauses.length === 9) bring(1);
  });
  assert.deepEqual(pauses, [5, 10, 20, 40, 60, 60, 60, 5, 10]);
  assert.deepEqual(
    context.reported.map(({ phase, done, total }) => `${phase} ${done}/${total}`),
    [...Array(7).fill('Waiting 1/3'), 'Waiting 2/3', 'Waiting 2/3'],
  );
  const whole = await runAggregate({ ...task, hash: '00000000000000aa' }, trainerContext(store));
  assert.equal(whole.kind === 'aggregate' && whole.models, 3);
});

test('it does not wait for what is there, nor for models of its own share', async (t) => {
  const { task, store, take } = await shared(t);
  const never = () => assert.fail('there is nothing to wait for');
  await awaitModels(task, trainerContext(store), never);
  take(0);
  await awaitModels(task, trainerContext(store), never);
  await assert.rejects(runAggregate(task, trainerContext(store)), { code: 'ModelMissing', message: /model 0/ });
});

test('it does not wait where the bundle is there already', async (t) => {
  const { task, store, take } = await shared(t);
  const made = await runAggregate(task, trainerContext(store));
  take(2);
  assert.deepEqual(await runAggregate(task, trainerContext(store)), made);
});

test('a signal ends the wait at once as an interruption, and the next process looks again', async (t) => {
  const { task, store, take, bring } = await shared(t);
  take(1);
  const controller = new AbortController();
  const waiting = runAggregate(
    task,
    trainerContext(store, {
      signal: controller.signal,
      progress: ({ phase }) => phase === 'Waiting' && setImmediate(() => controller.abort()),
    }),
  );
  await assert.rejects(waiting, { code: 'Interrupted' });
  bring(1);
  const made = await runAggregate(task, trainerContext(store));
  assert.equal(made.kind, 'aggregate');
});

test('a store that does not answer for a while ends nothing, one that never answers again does', async (t) => {
  const { task, store, take, bring } = await shared(t);
  take(2);
  let down = false;
  const failing = {
    ...store,
    exists: async (key: string) => {
      if (down) throw new DdrError('FileAccess', 'no answer', { where: key });
      return store.exists(key);
    },
  };
  let looks = 0;
  await awaitModels(task, trainerContext(failing), async () => {
    looks++;
    down = looks < 20 && looks % 10 !== 0;
    if (looks === 20) bring(2);
  });
  assert.equal(looks, 20);
  down = true;
  let more = 0;
  await assert.rejects(
    awaitModels(task, trainerContext(failing), async () => void more++),
    { code: 'FileAccess' },
  );
  assert.equal(more, 9);
});

test('a damaged model of another cluster is named, with whose Job makes it anew', async (t) => {
  const { task, store, take, bring } = await shared(t);
  take(1);
  bring(1);
  await store.remove(`${runLayout(task.directory).model(task.models[1] ?? '').final}/weights.safetensors`);
  await assert.rejects(runAggregate(task, trainerContext(store)), {
    code: 'DigestMismatch',
    hint: /Job of model 1 on the cluster that trains it/,
  });
});
