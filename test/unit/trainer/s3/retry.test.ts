import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { pauseAfter, persist, timeFor } from '../../../../src/trainer/s3/retry.ts';

const patience = { budget: 1000, idle: 50, random: () => 0 };

test('pauses grow up to a bound, and are spread from none on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, chance) => {
      const wait = pauseAfter(tries, () => chance);
      assert.ok(wait >= 0 && wait <= 10_000 && wait <= pauseAfter(tries + 1, () => chance));
    }),
  );
  assert.deepEqual(
    [1, 2, 3].map((tries) => pauseAfter(tries, () => 0.5)),
    [100, 200, 400],
  );
});

test('bytes are given time, but not for ever', () => {
  assert.equal(timeFor(0, 50), 50);
  assert.equal(timeFor(2 ** 18, 50), 1050);
  assert.equal(timeFor(2 ** 50, 50), 600_050);
});

test('what may pass is tried again, anything else is not', async () => {
  let tries = 0;
  const third = await persist(
    patience,
    () => true,
    async () => {
      if (++tries < 3) throw new Error('passing');
      return tries;
    },
  );
  assert.equal(third, 3);
  const fails = async () => Promise.reject(new Error(`${++tries}`));
  await assert.rejects(
    persist(patience, () => false, fails),
    { message: '4' },
  );
});

test('once the budget is spent the last error is told, after some tries in any case', async () => {
  let tries = 0;
  const fails = async () => Promise.reject(new Error(`${++tries}`));
  await assert.rejects(
    persist({ ...patience, budget: 0 }, () => true, fails),
    { message: '3' },
  );
});

test('requests of a try that failed are ended', async () => {
  let signal: AbortSignal | undefined;
  const fails = persist(
    patience,
    () => false,
    async ({ abortSignal }) => {
      signal = abortSignal;
      throw new Error('half of it');
    },
  );
  await assert.rejects(fails, /half of it/);
  assert.equal(signal?.aborted, true);
});

test('a try that sees nothing come is ended, one that does goes on', async () => {
  const ended = persist(
    { ...patience, budget: 0 },
    () => true,
    ({ abortSignal }) => pause(10_000, 'late', { signal: abortSignal }),
  );
  await assert.rejects(ended, { name: 'AbortError' });
  const goesOn = persist(
    patience,
    () => false,
    async ({ abortSignal, touch }) => {
      for (let i = 0; i < 5; i++) {
        await pause(20, undefined, { signal: abortSignal });
        touch();
      }
      return 'all';
    },
  );
  assert.equal(await goesOn, 'all');
});
