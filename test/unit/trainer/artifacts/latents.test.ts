import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestWithLatents, latentsHeader } from '../../../../src/trainer/artifacts/latents.ts';
import type { LatentsDescription } from '../../../../src/trainer/data/latents.ts';
import { parseNpyHeader } from '../../../../src/trainer/formats/npy.ts';

const description: LatentsDescription = {
  size: 2,
  channels: 3,
  values: 'MeanAndDeviation',
  type: 'float16',
  scalingFactor: 0.5,
  shiftFactor: 0,
};

test('the file is what NumPy reads', () => {
  const { type, shape, dataBytes } = parseNpyHeader(latentsHeader(5, description), 'latents.npy');
  assert.deepEqual([type, shape, dataBytes], ['float16', [5, 2, 2, 6], 240]);
});

test('the digest is of images, latents and what networks see of them', () => {
  const digests = [
    digestWithLatents('a', description, 'f'),
    digestWithLatents('b', description, 'f'),
    digestWithLatents('a', description, 'g'),
    digestWithLatents('a', { ...description, values: 'MeanAndLogVariance' }, 'f'),
    digestWithLatents('a', { ...description, scalingFactor: 1 }, 'f'),
    digestWithLatents('a', { ...description, shiftFactor: 1 }, 'f'),
  ];
  assert.equal(new Set(digests).size, digests.length);
});
