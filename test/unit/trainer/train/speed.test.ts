import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSpeedometer } from '../../../../src/trainer/train/speed.ts';

test('the speed is that of the first step at once, then follows later ones slowly', () => {
  let now = 0;
  const perSecond = createSpeedometer(() => now);
  now = 2;
  assert.equal(perSecond(32, 0), 16);
  now = 3;
  const next = perSecond(32, 2);
  assert.ok(next > 16 && next < 18);
  for (let i = 0; i < 200; i++) perSecond(32, now++);
  assert.ok(Math.abs(perSecond(32, now - 1) - 32) < 1);
});
