import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, type Write, WritePool } from '../../../../src/operator/run/writePool.ts';
import { ManualClock, settle } from '../../../helpers/manualClock.ts';

const newBatch = (): Batch => ({ sent: new Set(), busy: new Set() });

/** Writes that are answered when the test says so. */
function heldWrites() {
  const held: (() => void)[] = [];
  const writes = (count: number): Write[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `w${i}`,
      send: () => new Promise((resolve) => held.push(resolve)),
    }));
  const answer = async () => {
    for (const resolve of held.splice(0)) resolve();
    await settle();
  };
  return { held, writes, answer };
}

test('so many writes are under way for one run, and no more for all than the API server can answer', async () => {
  const { held, writes, answer } = heldWrites();
  const clock = new ManualClock();
  const pool = new WritePool(clock);
  const first = pool.send(newBatch(), writes(20));
  await settle();
  assert.equal(held.length, 16);
  const others = Array.from({ length: 9 }, () => pool.send(newBatch(), writes(20)));
  await settle();
  assert.equal(held.length, 64);
  await clock.advance(200);
  assert.deepEqual(new Set(await Promise.all([first, ...others])), new Set([false]));
  await answer();
  await pool.settled();
});

test('what is under way when the time is over goes on, and is not sent again', async () => {
  const { held, writes, answer } = heldWrites();
  const clock = new ManualClock();
  const pool = new WritePool(clock);
  const batch = newBatch();
  const first = pool.send(batch, writes(3));
  await clock.advance(200);
  assert.equal(await first, false);
  const second = pool.send(batch, writes(4));
  await settle();
  assert.equal(held.length, 4);
  await answer();
  assert.equal(await second, true);
  assert.equal(await pool.send(batch, writes(4)), true);
  assert.equal(held.length, 0);
});
