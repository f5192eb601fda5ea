import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { inOrder } from '../../../../src/trainer/data/inOrder.ts';

test('results come in the order of the items, a few of them worked on at once', async () => {
  let [running, most] = [0, 0];
  const results: number[] = [];
  for await (const result of inOrder([5, 1, 4, 2, 3], 3, async (item) => {
    most = Math.max(most, ++running);
    await setTimeout(item);
    running--;
    return item;
  }))
    results.push(result);
  assert.deepEqual([results, most], [[5, 1, 4, 2, 3], 3]);
});

test('an error is told in its turn, and nothing works on after whoever reads has left', async () => {
  const finished: number[] = [];
  const work = async (item: number) => {
    await setTimeout(5 - item);
    finished.push(item);
    if (item === 2) throw new Error('two');
    return item;
  };
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const item of inOrder([0, 1, 2, 3], 4, work)) seen.push(item);
  }, /two/);
  assert.deepEqual(
    [seen, finished.sort()],
    [
      [0, 1],
      [0, 1, 2, 3],
    ],
  );
});
