import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { datasetKey } from '../../../../src/api/layout.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import { placeOf } from '../../../../src/trainer/prepare/source.ts';
import { isWhole, writeDataset } from '../../../../src/trainer/prepare/writeDataset.ts';
import type { Writing } from '../../../../src/trainer/prepare/writing.ts';
import { datasetOf, png, volumeOf } from '../../../helpers/data.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

/** A folder of three images, of which the second is broken where that is said. */
async function bench(t: TestContext, { broken = false } = {}) {
  const { root, store } = temporaryStore(t);
  const files = { 'a.png': await png(1), 'b.png': broken ? '' : await png(2), 'c.png': await png(3) };
  const data = volumeOf(t, files);
  const write = async (fields: Partial<Writing> = {}, context: Partial<TrainerContext> = {}) => {
    const dataset = datasetOf('ImageFolder', '', { maxBroken: 1 });
    const place = await placeOf(dataset, data, []);
    const writing = { dataset, place, least: 1, writer: 'test', assertUnchanged: async () => {}, ...fields };
    return writeDataset(writing, trainerContext(store, context));
  };
  return { root, store, write };
}

test('the images are there under their digest', async (t) => {
  const { store, write } = await bench(t);
  const { dataset } = await write();
  const { count, batch } = await openDataset(store, dataset.address);
  assert.deepEqual([count, [...new Set(await batch(0, 3))]], [3, [1, 2, 3]]);
});

test('where images are left out they are read once more, because a digest begins with their number', async (t) => {
  const { store, write } = await bench(t, { broken: true });
  const { dataset, findings } = await write();
  assert.deepEqual([dataset.count, findings.broken.count], [2, 1]);
  assert.ok(await isWhole(store, dataset.address));
});

test('a damaged dataset of the same digest is quarantined and made anew', async (t) => {
  const { root, store, write } = await bench(t);
  const { dataset } = await write();
  const images = join(root, datasetKey(dataset.address), 'images.npy');
  writeFileSync(images, readFileSync(images).subarray(0, 130));
  assert.equal(await isWhole(store, dataset.address), false);
  assert.deepEqual((await write()).dataset, dataset);
  assert.ok(await isWhole(store, dataset.address));
});

test('too few images, too little room and a source that has changed leave nothing', async (t) => {
  const { store, write } = await bench(t);
  await assert.rejects(write({ least: 4 }), { code: 'InputMismatch' });
  await assert.rejects(write({}, { store: { ...store, free: async () => 1000 } }), { code: 'DiskFull' });
  const assertUnchanged = async () => {
    throw new Error('changed');
  };
  await assert.rejects(write({ assertUnchanged }), /changed/);
  assert.deepEqual(await store.list('datasets'), []);
});
