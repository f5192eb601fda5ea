import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { addImage, emptyMoments, momentsOf } from '../../../../src/trainer/data/moments.ts';
import { contrastOf, deviationOf, isPale, isWashedOut } from '../../../../src/trainer/signatures/contrast.ts';

const values = 64;

/** Pictures of normal pixels around a grey, with a deviation, in bytes. */
function pictures(count: number, mean: number, deviation: number, seed = 1) {
  const sums = emptyMoments(values);
  for (let i = 0; i < count; i++) {
    const drawn = normals(seed, streams.noise, i, values);
    addImage(
      sums,
      Uint8Array.from(drawn, (z) => Math.min(255, Math.max(0, Math.round(mean + deviation * z)))),
    );
  }
  return sums;
}

const data = momentsOf(pictures(2000, 110, 30));

test('of equal samples contrast is 1 and the mean is where it should be, at any number of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 32, max: 300 }), fc.nat(1000), (count, seed) => {
      const measured = contrastOf(pictures(count, 110, 30, seed + 2), data) ?? assert.fail();
      assert.ok(Math.abs(measured.contrast - 1) < 0.1, `${measured.contrast}`);
      assert.ok(measured.shift < 0.15, `${measured.shift}`);
      assert.ok(!isWashedOut(measured));
    }),
    { numRuns: 50 },
  );
});

test('pale samples and another mean are measured and found', () => {
  const pale = contrastOf(pictures(100, 110, 10), data) ?? assert.fail();
  assert.ok(Math.abs(pale.contrast - 1 / 3) < 0.03);
  assert.ok(isPale(pale) && isWashedOut(pale));
  const bright = contrastOf(pictures(100, 140, 30), data) ?? assert.fail();
  assert.ok(Math.abs(bright.shift - 1) < 0.1);
  assert.ok(!isPale(bright) && isWashedOut(bright));
});

test('too few samples, data without contrast, and moments of another shape are not judged', () => {
  assert.equal(contrastOf(pictures(31, 110, 10), data), undefined);
  const flat = { mean: new Float32Array(values), deviation: new Float32Array(values) };
  assert.equal(contrastOf(pictures(40, 110, 10), flat), undefined);
  const latents = { mean: new Float32Array(4), deviation: new Float32Array(4).fill(1) };
  assert.equal(contrastOf(pictures(40, 110, 10), latents), undefined);
});

test('the deviation of the data is the root mean square', () => {
  assert.equal(deviationOf({ mean: new Float32Array(2), deviation: Float32Array.of(0.25, 0.25) }), 0.25);
});
