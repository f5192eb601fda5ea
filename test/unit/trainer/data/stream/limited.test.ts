import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { limited } from '../../../../../src/trainer/data/stream/limited.ts';

test('never more than so many are under way, all come to their end in their order, and a failure is its own', async () => {
  const inTurn = limited(2);
  let [under, most] = [0, 0];
  const ended: number[] = [];
  const work = (i: number) =>
    inTurn(async () => {
      most = Math.max(most, ++under);
      await setImmediate();
      under--;
      ended.push(i);
      if (i === 1) throw new Error('one');
      return i;
    });
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  assert.deepEqual(
    all.map((each) => (each.status === 'fulfilled' ? each.value : 'failed')),
    [0, 'failed', 2, 3, 4],
  );
  assert.deepEqual([most, ended], [2, [0, 1, 2, 3, 4]]);
});
