import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addImage, emptyMoments, momentsOf } from '../../../../src/trainer/data/moments.ts';

test('moments are those of each pixel over the images, as a network sees them', () => {
  const sums = emptyMoments(2);
  for (const [a, b] of [
    [0, 255],
    [255, 255],
  ] as const)
    addImage(sums, Uint8Array.of(a, b));
  assert.equal(sums.brightest, 255);
  const { mean, deviation } = momentsOf(sums);
  assert.deepEqual([...mean, ...deviation], [0, 1, 1, 0]);
});
