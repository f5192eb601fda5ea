import assert from 'node:assert/strict';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
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

const cached = (size: string) => shardsOf({ prepare: 'Index', cache: { size } });

test('an index and a copy of one source are the same images: digest, pixels and classes are equal, and addresses are not', async (t) => {
  const { store, copied, indexed, open } = await bench(t, { labels: { from: 'Cls', classes: 3 } });
  assert.deepEqual([indexed.sha256, indexed.count], [copied.sha256, copied.count]);
  assert.match(indexed.address, new RegExp(`^${copied.address}-[0-9a-f]{16}$`));
  const [copy, streamed] = [await openDataset(store, copied.address), await open()];
  assert.deepEqual(await streamed.batch(0, images), await copy.batch(0, images));
  assert.deepEqual(await streamed.batch(5, 2), await copy.batch(5, 2));
  assert.deepEqual(await streamed.condition?.(4), { label: 1 });
});

test('what the cache holds, and how much it may, changes nothing of the images', async (t) => {
  const { store, copied, open } = await bench(t);
  const all = await (await openDataset(store, copied.address)).batch(0, images);
  // One that holds all shards, one that holds a few images, one that holds nothing.
  for (const size of ['64Mi', '12Ki', '1Ki']) {
    const folder = temporaryFolder(t);
    for (const state of ['cold', 'warm'])
      assert.deepEqual(await (await open(folder, cached(size))).batch(0, images), all, `${size}, ${state}`);
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
    assert.ok(bytes <= Number.parseInt(size, 10) * (size.endsWith('Mi') ? 2 ** 20 : 2 ** 10), `${bytes} of ${size}`);
  }
});

test('a shard that vanished, became shorter or is another version is DataChanged, for the images of it', async (t) => {
  const changes: [string, (path: string) => void][] = [
    ['vanished', (path) => rmSync(path)],
    ['shrank', (path) => truncateSync(path, 100)],
    ['grew', (path) => appendFileSync(path, 'x')],
    ['was touched', (path) => utimesSync(path, 1, 1)],
  ];
  for (const [name, change] of changes) {
    const { volume, open } = await bench(t);
    change(shardPath(volume, 4));
    const { batch } = await open();
    await assert.rejects(batch(4, 1), { code: 'DataChanged' }, name);
    await batch(0, 4);
  }
});

test('bytes that changed behind an equal version are found by the digest of their pixels', async (t) => {
  const { volume, open } = await bench(t);
  const path = shardPath(volume, 0);
  const { atime, mtime } = statSync(path);
  const { batch } = await open();
  await batch(1, 1);
  const bytes = readFileSync(path);
  // Two images of one shard change places: both decode, and neither is what it was.
  const header = 512;
  bytes.copyWithin(header, header + 1, header + 30);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
  await assert.rejects(batch(0, 1), { code: 'DataChanged' });
});

test('an index that was damaged is DataChanged, before anything is learned from it', async (t) => {
  const { root, indexed, open } = await bench(t);
  const path = `${root}/datasets/${indexed.address}/index.npy`;
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
  await assert.rejects((await open()).batch(0, 1), { code: 'DataChanged', message: /sha256/ });
  writeFileSync(path, bytes.subarray(0, bytes.length - 32));
  await assert.rejects(open(), { code: 'DataChanged' });
});

test('without a word on where its images are, an index opens and shows none', async (t) => {
  const { store, indexed } = await bench(t);
  const dataset = await openDataset(store, indexed.address);
  assert.equal(dataset.count, images);
  await assert.rejects(dataset.batch(0, 1), { code: 'InvalidTask' });
});
