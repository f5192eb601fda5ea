import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordOf } from '../../../../src/trainer/artifacts/records.ts';
import { openTensorFile, tensorContent, tensorsOf } from '../../../../src/trainer/artifacts/tensorFile.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { collect } from '../../../helpers/collect.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const tensors = new Map([
  ['a', { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }],
  ['b', { shape: [], values: Float32Array.of(5) }],
  ['c', { shape: [3], values: Float32Array.of(6, 7, 8) }],
]);
const entries = [...tensors].map(([name, { shape }]) => ({ name, shape }));
const all = [1, 2, 3, 4, 5, 6, 7, 8];

test('a file in pieces of any length is that which is written at once, and so is its record', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray([1, 2, 3, 4, 5, 6, 7]), async (cuts) => {
      const ends = [...cuts, all.length];
      const pieces = ends.map((end, i) => Float32Array.from(all.slice(ends[i - 1] ?? 0, end)));
      const { content, record } = tensorContent(entries, pieces);
      const bytes = new Uint8Array(Buffer.concat(await collect(content)));
      assert.deepEqual(bytes, writeSafetensors({ tensors, metadata: {} }));
      assert.deepEqual(record(), recordOf(bytes));
    }),
    { numRuns: 30 },
  );
});

test('too many or too few values are no file, and there is no record before the end', async () => {
  for (const count of [7, 9]) {
    const { content, record } = tensorContent(entries, [new Float32Array(count)]);
    await assert.rejects(collect(content), /are not the/);
    assert.throws(record, /not been written/);
  }
});

test('tensors are read one by one or in part; damage is told before', async (t) => {
  const { root, store } = temporaryStore(t);
  const { content, record } = tensorContent(entries, [Float32Array.from(all)]);
  await store.commit('m', { f: content });
  const file = await openTensorFile(store, 'm/f', record());
  assert.deepEqual(await file.read('a', 1, 2), Float32Array.of(2, 3));
  assert.deepEqual(await file.read('c'), Float32Array.of(6, 7, 8));
  const read = await collect(tensorsOf(file));
  assert.deepEqual(new Map(read.map(({ name, ...tensor }) => [name, tensor])), tensors);
  await assert.rejects(file.read('a', 3, 2), { code: 'InputForeign', message: /has 4 values, not 5/ });
  await assert.rejects(file.read('d'), { code: 'InputForeign', message: /no tensor d/ });
  writeFileSync(join(root, 'm/f'), 'zeros after a power cut');
  await assert.rejects(openTensorFile(store, 'm/f', record()), { code: 'DigestMismatch' });
});
