import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { oneAhead } from '../../../../src/trainer/train/ahead.ts';

function recorded() {
  const made: number[] = [];
  const get = oneAhead(
    async (key) => {
      made.push(key);
      if (key === 30) throw new Error('nothing at 30');
      return `value ${key}`;
    },
    (key) => key + 10,
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
