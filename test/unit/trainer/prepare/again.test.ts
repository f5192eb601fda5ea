import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { datasetKey, runLayout } from '../../../../src/api/layout.ts';
import type { TrainTask } from '../../../../src/api/task.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { prepareAgain } from '../../../../src/trainer/prepare/again.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';

const directory = 'runs/test';
const prepared = 'fedcba9876543210';
const pixels = Uint8Array.from({ length: 48 }, (_, i) => i * 5);
const npy = (bytes = pixels) => writeNpy({ shape: [bytes.length / 16, 4, 4], data: bytes });

/** A task whose data were prepared in another store. */
async function bench(t: TestContext) {
  const data = volumeOf(t, { 'a.npy': npy() });
  const dataset = datasetOf('Npy', 'a.npy');
  const shared = trainerContext(temporaryStore(t).store, { volumes: { data } });
  const result = await runPrepare({ kind: 'prepare', directory, hash: prepared, dataset }, shared);
  assert.ok(result.kind === 'prepare');
  const address = result.sha256.slice(0, 16);
  const { root, store } = temporaryStore(t);
  const context = trainerContext(store, { volumes: { data } });
  const again = (fields: Partial<TrainTask> = {}) =>
    prepareAgain(trainTask(address, { source: { prepared, dataset }, ...fields }), context);
  return { data, root, store, shared, address, again };
}

test('the dataset is written anew, and is the one that the run’s prepare step wrote', async (t) => {
  const { store, shared, address, again } = await bench(t);
  await again();
  const [here, there] = [await openDataset(store, address), await openDataset(shared.store, address)];
  assert.deepEqual(here.record, there.record);
  assert.deepEqual(await here.batch(0, 3), await there.batch(0, 3));
});

test('what is there is kept, whatever has become of the source; what is gone is made anew', async (t) => {
  const { data, root, address, again } = await bench(t);
  await again();
  rmSync(join(data, 'a.npy'));
  await again();
  rmSync(join(root, datasetKey(address)), { recursive: true });
  await assert.rejects(again(), { code: 'InputMissing' });
  writeFileSync(join(data, 'a.npy'), npy());
  await again();
});

test('a model that is trained needs no data', async (t) => {
  const { root, address, again } = await bench(t);
  mkdirSync(join(root, runLayout(directory).model('0123456789abcdef').final), { recursive: true });
  await again();
  assert.equal(existsSync(join(root, datasetKey(address))), false);
});

test('other data than the run was prepared with are refused, and take no room', async (t) => {
  const { data, root, again } = await bench(t);
  writeFileSync(join(data, 'a.npy'), npy(pixels.map((value) => 255 - value)));
  await assert.rejects(again(), { code: 'DataChanged', hint: /dataset\.revision/ });
  await assert.rejects(again(), { code: 'DataChanged' }, 'again and again');
  assert.deepEqual(readdirSync(join(root, 'datasets')), []);
});

test('a task whose data are in its store reads none', async (t) => {
  const { again, root } = await bench(t);
  await again({ source: undefined });
  assert.equal(existsSync(join(root, 'datasets')), false);
});
