import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { batchesAhead, readAhead } from '../../../../src/trainer/train/ahead.ts';

function recorded(many = 1) {
  const made: number[] = [];
  const get = readAhead(
    async (key) => {
      made.push(key);
      if (key === 30) throw new Error('nothing at 30');
      return `value ${key}`;
    },
    (key) => (key < 60 ? key + 10 : undefined),
    many,
  );
  return { made, get };
}

test('the next value is made before it is asked for, and once', async () => {
  const { made, get } = recorded();
  assert.equal(await get(0), 'value 0');
  assert.deepEqual(made, [0, 10]);
  assert.equal(await get(10), 'value 10');
  assert.deepEqual(made, [0, 10, 20]);
});

test('another value than the next is made when it is asked for', async () => {
  const { made, get } = recorded();
  await get(0);
  assert.equal(await get(50), 'value 50');
  assert.deepEqual(made, [0, 10, 50, 60]);
});

test('what fails ahead of time fails when it is asked for, and not before', async () => {
  const { get } = recorded();
  await get(20);
  await setImmediate();
  await assert.rejects(get(30), /nothing at 30/);
});

test('several values are made ahead, up to the last that there is', async () => {
  const { made, get } = recorded(3);
  await get(40);
  assert.deepEqual(made, [40, 50, 60]);
  await get(50);
  await get(60);
  assert.deepEqual(made, [40, 50, 60]);
  await get(0);
  assert.deepEqual(made.slice(3), [0, 10, 20, 30]);
  await get(10);
  assert.deepEqual(made.slice(3), [0, 10, 20, 30, 40]);
});

test('of what is streamed more batches are read ahead, the fewer the larger they are', () => {
  assert.equal(batchesAhead(false, 1), 1);
  const streamed = [2 ** 20, 2 ** 26, 2 ** 40].map((bytes) => batchesAhead(true, bytes));
  assert.deepEqual(streamed, [16, 4, 2]);
});
