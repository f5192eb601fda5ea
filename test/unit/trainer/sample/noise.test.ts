import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { startOf, stepNoise } from '../../../../src/trainer/sample/noise.ts';

const size = 6;

test('a sample starts from normal numbers of its own', () => {
  assert.deepEqual(startOf(5, 2, size, 0.2, undefined), normals(5, streams.start, 2, size));
  assert.notDeepEqual(startOf(5, 3, size, 0.2, undefined), startOf(5, 2, size, 0.2, undefined));
});

test('the start is matched to the data where its moments are given', () => {
  const alphaBar = 0.2;
  const moments = { mean: new Float32Array(size).fill(0.8), deviation: new Float32Array(size).fill(0.1) };
  const z = normals(5, streams.start, 2, size);
  const expected = z.map((value) => Math.sqrt(alphaBar) * 0.8 + Math.sqrt(alphaBar * 0.01 + 1 - alphaBar) * value);
  startOf(5, 2, size, alphaBar, moments).forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] as number)) < 1e-6);
  });
});

test('the noise of a step is a function of seed, sample and state, whatever the batch', () => {
  const batch = stepNoise(7, 3, 4, 9, size);
  for (let i = 0; i < 4; i++)
    assert.deepEqual(batch.subarray(i * size, (i + 1) * size), stepNoise(7, 3 + i, 1, 9, size));
  assert.notDeepEqual(stepNoise(7, 3, 1, 9, size), stepNoise(7, 3, 1, 8, size));
  assert.notDeepEqual(stepNoise(7, 3, 1, 9, size), stepNoise(8, 3, 1, 9, size));
});
