import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { isWhole } from '../../../../src/trainer/prepare/writeDataset.ts';
import { opened, prepared, shardsOf, shardVolume } from '../../../helpers/shards.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

/** A dataset of two images that has been indexed. */
async function indexed(t: TestContext) {
  const volume = await shardVolume(t, 2);
  const { root, store } = temporaryStore(t);
  const index = shardsOf({ prepare: 'Index' });
  const { dataset } = await prepared(store, index, volume);
  const pathOf = (name: string) => join(root, 'datasets', dataset.address, name);
  return {
    store,
    dataset,
    pathOf,
    open: () => opened(store, dataset.address, index, volume),
    again: () => prepared(store, index, volume),
  };
}

test('without a word on where its images are, an index opens and shows none', async (t) => {
  const { store, dataset } = await indexed(t);
  const { count, batch } = await openDataset(store, dataset.address);
  assert.equal(count, 2);
  await assert.rejects(batch(0, 1), { code: 'InvalidTask' });
});

test('an index that was cut off or lost its shards does not open, and prepare makes it anew', async (t) => {
  const { store, dataset, pathOf, open, again } = await indexed(t);
  const whole = readFileSync(pathOf('index.npy'));
  writeFileSync(pathOf('index.npy'), whole.subarray(0, whole.length - 32));
  await assert.rejects(open(), { code: 'DataChanged' });
  assert.deepEqual((await again()).dataset, dataset);
  rmSync(pathOf('shards.json'));
  assert.equal(await isWhole(store, dataset.address), false);
  assert.deepEqual((await again()).dataset, dataset);
  assert.ok(await isWhole(store, dataset.address));
});

test('an index of which a bit has changed is found before anything is learned by it', async (t) => {
  const { pathOf, open } = await indexed(t);
  const bytes = readFileSync(pathOf('index.npy'));
  bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1);
  writeFileSync(pathOf('index.npy'), bytes);
  await assert.rejects((await open()).batch(0, 1), { code: 'DataChanged', message: /sha256/ });
});
