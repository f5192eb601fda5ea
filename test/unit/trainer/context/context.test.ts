import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stillStarting, stopIfAsked } from '../../../../src/trainer/context/context.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

test('work goes on until a signal asks to end it', async (t) => {
  const controller = new AbortController();
  const context = trainerContext(temporaryStore(t).store, { signal: controller.signal });
  await stopIfAsked(context, 'stopped');
  controller.abort();
  await assert.rejects(stopIfAsked(context, 'stopped'), { code: 'Interrupted', message: 'stopped' });
});

test('a signal that comes while the process is busy is let in', async (t) => {
  const controller = new AbortController();
  const context = trainerContext(temporaryStore(t).store, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(stopIfAsked(context, 'stopped'), { code: 'Interrupted' });
});

test('what comes before the work shows that the process is alive', async (t) => {
  const context = trainerContext(temporaryStore(t).store);
  await stillStarting(context);
  assert.deepEqual(context.reported, [{ phase: 'Starting', done: 0, total: 0 }]);
});
