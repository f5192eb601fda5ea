import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DdrError } from '../../../../../src/api/errors.ts';
import { openDataset } from '../../../../../src/trainer/artifacts/dataset.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { opened, prepared, shardPath, shardsOf, shardVolume } from '../../../../helpers/shards.ts';
import { temporaryStore } from '../../../../helpers/trainer.ts';

const images = 13;

/** A source of shards that has been prepared both ways. */
async function bench(t: TestContext, fields: object = {}) {
  const volume = await shardVolume(t, images);
  const { root, store } = temporaryStore(t);
  const index = shardsOf({ ...fields, prepare: 'Index' });
  const copied = await prepared(store, shardsOf(fields), volume);
  const indexed = await prepared(store, index, volume);
  const open = (folder?: string, stream = index) => opened(store, indexed.dataset.address, stream, volume, folder);
  return { volume, root, store, copied: copied.dataset, indexed: indexed.dataset, index, open };
}

test('an index and a copy of one source are the same images: digest, pixels and classes are equal, and addresses are not', async (t) => {
  const { store, copied, indexed, open } = await bench(t, { labels: { from: 'Cls', classes: 3 } });
  assert.deepEqual([indexed.sha256, indexed.count], [copied.sha256, copied.count]);
  assert.match(indexed.address, new RegExp(`^${copied.address}-[0-9a-f]{16}$`));
  const [copy, streamed] = [await openDataset(store, copied.address), await open()];
  assert.deepEqual(await streamed.batch(0, images), await copy.batch(0, images));
  assert.deepEqual(await streamed.batch(5, 2), await copy.batch(5, 2));
  assert.deepEqual(await streamed.condition?.(4), { label: 1 });
});

test('what the source says is told as it is, and the thread goes on', async (t) => {
  const { volume, open } = await bench(t);
  rmSync(shardPath(volume, 4));
  const { batch } = await open();
  const [gone, there] = await Promise.allSettled([batch(4, 2), batch(0, 4)]);
  assert.ok(gone.status === 'rejected' && gone.reason instanceof DdrError);
  assert.deepEqual([gone.reason.code, there.status], ['DataChanged', 'fulfilled']);
});

test('the cache takes no more of its disk than it may, the index in it included', async (t) => {
  const { open } = await bench(t);
  const folder = temporaryFolder(t);
  await (await open(folder, shardsOf({ prepare: 'Index', cache: { size: '12Ki' } }))).batch(0, images);
  const names = readdirSync(folder);
  assert.deepEqual([names.length, names.every((name) => statSync(join(folder, name)).size <= 4096)], [2, true]);
});
