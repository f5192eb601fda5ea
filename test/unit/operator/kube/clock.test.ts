import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../../src/operator/kube/clock.ts';

test('a delay of months does not end at once', async () => {
  let called = 0;
  const days = 24 * 3600 * 1000;
  const cancels = [25, 60, 24_855].map((count) => systemClock.after(count * days, () => called++));
  await wait(50);
  for (const cancel of cancels) cancel();
  assert.equal(called, 0);
});

test('long delays are waited for in parts, to their end, and can be cancelled in any part', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const month = 30 * 24 * 3600 * 1000;
  let called = 0;
  systemClock.after(month, () => called++);
  const cancel = systemClock.after(month, () => assert.fail('cancelled'));
  const firstPart = 2 ** 31 - 1; // the mock begins what a timer starts at the end of a tick
  t.mock.timers.tick(firstPart);
  t.mock.timers.tick(month - firstPart - 1000);
  assert.equal(called, 0);
  cancel();
  t.mock.timers.tick(1000);
  assert.equal(called, 1);
});
