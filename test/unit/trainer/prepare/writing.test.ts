import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nowAndThen } from '../../../../src/trainer/prepare/writing.ts';

test('progress is told of now and then, not of every image', async () => {
  const told: number[] = [];
  const tick = nowAndThen(async (before) => void told.push(before));
  for (let i = 0; i < 130; i++) await tick();
  assert.deepEqual(told, [0, 64, 128]);
});
