import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finalLoss, restOf, riseOf } from '../../../../src/trainer/signatures/lossCurve.ts';
import { falling, lossCurve } from '../../../helpers/lossCurves.ts';

test('a loss that rises over its second half is found, with how far', () => {
  const rise = riseOf(lossCurve((part) => (part < 0.5 ? 1 - part : 0.5 + 2 * (part - 0.5)))) ?? assert.fail();
  assert.ok(rise.lowest > 0.45 && rise.lowest < 0.65, `${rise.lowest}`);
  assert.ok(rise.last > 1, `${rise.last}`);
});

test('a loss that jumped up and stayed there is found', () => {
  assert.notEqual(riseOf(lossCurve((part) => (part < 0.6 ? falling(1, 0.2)(part) : 0.9))), undefined);
});

test('a peak that has passed, and one in the last batches, are no rise', () => {
  const peak = (at: number) => lossCurve((part) => falling(1, 0.2)(part) + (Math.abs(part - at) < 0.04 ? 2 : 0));
  assert.equal(riseOf(peak(0.7)), undefined);
  assert.equal(riseOf(peak(0.99)), undefined);
});

test('no curve that falls or rests rises, however noisy, long or short', () => {
  const curve = fc.record({
    rest: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
    noise: fc.double({ min: 0, max: 1, noNaN: true }),
    points: fc.integer({ min: 1, max: 400 }),
    seed: fc.nat(1_000_000),
  });
  fc.assert(
    fc.property(curve, ({ rest, noise, points, seed }) => {
      assert.equal(riseOf(lossCurve(falling(1, rest), noise, points, seed)), undefined);
    }),
    { numRuns: 1000 },
  );
});

test('a curve rests where its last quarter is not below the one before', () => {
  const rest = restOf(lossCurve(falling(1, 0.3))) ?? assert.fail();
  assert.ok(Math.abs(rest.loss - 0.3) < 0.02 && rest.atLeast < rest.loss, `${rest.loss}`);
  assert.equal(restOf(lossCurve((part) => 1 / (1 + 5 * part))), undefined, 'still falls');
});

test('a training too short for a trend is not judged', () => {
  const short = lossCurve((part) => 1 + part, 0, 23);
  assert.equal(riseOf(short), undefined);
  assert.equal(restOf(short), undefined);
});

test('the final loss is the mean of the last eighth', () => {
  const losses = Array.from({ length: 16 }, (_, i) => ({ images: i, loss: i }));
  assert.equal(finalLoss(losses), 14.5);
  assert.equal(finalLoss(losses.slice(0, 3)), 2);
  assert.equal(finalLoss([]), undefined);
});
