import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noticesOf } from '../../../../src/trainer/data/findings.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { datasetOf, readImages, volumeOf } from '../../../helpers/data.ts';

test('channels first are read where nothing else is possible, and it is said', async (t) => {
  const planes = Uint8Array.from({ length: 2 * 3 * 64 }, (_, i) => i);
  const root = volumeOf(t, { 'chw.npy': writeNpy({ shape: [2, 3, 8, 8], data: planes }) });
  const dataset = datasetOf('Npy', 'chw.npy', { image: { size: 8, channels: 3 } });
  const { count, pixels, findings } = await readImages(dataset, root);
  assert.deepEqual([count, [...pixels.subarray(0, 6)]], [2, [0, 64, 128, 1, 65, 129]]);
  assert.match(noticesOf(findings, dataset).join(), /\[2, 3, 8, 8\] is read as \[N,C,H,W\]/);
});

test('the values beyond a limit decide with the others what they are', async (t) => {
  const data = new Float32Array(32).fill(0.5);
  data[31] = -1;
  const root = volumeOf(t, { 'a.npy': writeNpy({ shape: [2, 4, 4], data }) });
  const { pixels } = await readImages(datasetOf('Npy', 'a.npy', { limit: 1 }), root);
  assert.deepEqual([...new Set(pixels)], [191]);
});

test('images of another size are brought to it, and those that are not square counted', async (t) => {
  const root = volumeOf(t, { 'a.npy': writeNpy({ shape: [2, 8, 16], data: new Uint8Array(256).fill(9) }) });
  const dataset = datasetOf('Npy', 'a.npy', { image: { size: 4, channels: 1, fit: 'Stretch' } });
  const { pixels, findings } = await readImages(dataset, root);
  assert.deepEqual([pixels.length, new Set(pixels)], [32, new Set([9])]);
  assert.match(noticesOf(findings, dataset).join(), /2 images were not square and distorted/);
});

test('an empty array has no images', async (t) => {
  const root = volumeOf(t, { 'a.npy': writeNpy({ shape: [0, 4, 4], data: new Float32Array(0) }) });
  assert.equal((await readImages(datasetOf('Npy', 'a.npy'), root)).count, 0);
});
