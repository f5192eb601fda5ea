import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linearAxis, logAxis, position } from '../../../../src/trainer/report/axes.ts';

test('ticks are round', () => {
  assert.deepEqual(linearAxis(0, 1000, '').ticks, [0, 250, 500, 750, 1000]);
  assert.deepEqual(linearAxis(0, 8000, '').ticks, [0, 2000, 4000, 6000, 8000]);
  assert.deepEqual(linearAxis(0, 1, '').ticks, [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(logAxis([0.09, 1.1], '').ticks, [0.1, 0.2, 0.5, 1]);
  assert.deepEqual(logAxis([0.001, 2], '').ticks, [0.001, 0.01, 0.1, 1]);
});

test('ticks lie on their axis, and values between its ends', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 1, max: 1e6, noNaN: true }),
      (low, factor) => {
        for (const axis of [linearAxis(0, low * factor, ''), logAxis([low, low * factor], '')]) {
          assert.ok(axis.ticks.length <= 14);
          for (const value of [...axis.ticks, low, low * factor]) {
            const at = position(axis, value);
            assert.ok(at >= -1e-6 && at <= 1 + 1e-6, `${value} at ${at}`);
          }
        }
      },
    ),
  );
});
