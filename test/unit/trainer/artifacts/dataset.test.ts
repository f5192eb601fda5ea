import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { datasetKey } from '../../../../src/api/layout.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { readRecorded } from '../../../../src/trainer/artifacts/records.ts';
import { readNpy } from '../../../../src/trainer/formats/npy.ts';
import { readSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { blobs, memorySource, preparedDataset, temporaryStore } from '../../../helpers/trainer.ts';

const shape = { size: 4, channels: 3 } as const;
const source = memorySource(blobs(600, shape), shape);

test('images are read back by position, whatever part is asked for', async (t) => {
  const { store } = temporaryStore(t);
  const dataset = await openDataset(store, await preparedDataset(store, source));
  assert.deepEqual([dataset.count, dataset.shape, dataset.digest], [600, shape, source.digest]);
  await fc.assert(
    fc.asyncProperty(fc.nat(599), fc.nat(300), async (first, size) => {
      const many = Math.min(size, 600 - first);
      assert.deepEqual(await dataset.batch(first, many), await source.batch(first, many));
    }),
    { numRuns: 30 },
  );
});

test('the files are what NumPy and safetensors read, and have the digests of their record', async (t) => {
  const { root, store } = temporaryStore(t);
  const address = await preparedDataset(store, source);
  const { record } = await openDataset(store, address);
  const folder = datasetKey(address);
  const array = readNpy(readFileSync(join(root, folder, 'images.npy')), 'images.npy');
  assert.deepEqual(array, { shape: [600, 4, 4, 3], data: await source.batch(0, 600) });
  assert.ok(record.images !== undefined);
  await readRecorded(store, `${folder}/${record.images.file}`, record.images);
  const moments = readSafetensors(
    await readRecorded(store, `${folder}/moments.safetensors`, record.moments),
    'moments',
  );
  assert.deepEqual(moments.tensors.get('deviation')?.shape, [4, 4, 3]);
});

test('a dataset that is not there, or is not what its address says, is refused with what to do', async (t) => {
  const { root, store } = temporaryStore(t);
  await assert.rejects(openDataset(store, '0123456789abcdef'), { code: 'InputMissing', hint: /dataset\.revision/ });
  const address = await preparedDataset(store, source);
  const file = (name: string) => join(root, datasetKey(address), name);
  const changed = { code: 'DataChanged', hint: /dataset\.revision/ };

  const record = readFileSync(file('dataset.json'), 'utf8');
  writeFileSync(file('dataset.json'), record.replace(source.digest, '0'.repeat(64)));
  await assert.rejects(openDataset(store, address), { ...changed, message: /0{16}/ });
  writeFileSync(file('dataset.json'), '{');
  await assert.rejects(openDataset(store, address), changed);
  writeFileSync(file('dataset.json'), record);

  const dataset = await openDataset(store, address);
  truncateSync(file('images.npy'), 20_000);
  await assert.rejects(openDataset(store, address), { ...changed, where: file('images.npy') });
  await assert.rejects(dataset.batch(500, 1), changed);
  writeFileSync(file('images.npy'), new Uint8Array(40_000));
  await assert.rejects(openDataset(store, address), { ...changed, message: /header/ });
});
