import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLoss, emptyHistory } from '../../../../src/trainer/train/losses.ts';

function curve(steps: number) {
  let history = emptyHistory();
  for (let step = 1; step <= steps; step++) history = addLoss(history, step, step * 10, steps);
  return history;
}

test('a short training has a point for every step', () => {
  assert.deepEqual(curve(3).losses, [
    { images: 10, loss: 1 },
    { images: 20, loss: 2 },
    { images: 30, loss: 3 },
  ]);
});

test('a long one has 400 points at most, each the mean since the one before', () => {
  const { losses, pending } = curve(1000);
  assert.equal(losses.length, 333);
  assert.deepEqual(losses[1], { images: 60, loss: 5 });
  assert.deepEqual(pending, { sum: 1000, count: 1 });
});
