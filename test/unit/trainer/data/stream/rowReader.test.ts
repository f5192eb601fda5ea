import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { RangeCache } from '../../../../../src/trainer/data/stream/rangeCache.ts';
import { datasetOf } from '../../../../helpers/data.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { readerOf } from '../../../../helpers/shards.ts';
import { memoryFiles, shardFixture } from '../../../../helpers/sourceFiles.ts';

const files = () =>
  memoryFiles({ 'a.parquet': shardFixture('snappy.parquet'), 'b.parquet': shardFixture('zstd.parquet') });
const dataset = datasetOf('Parquet', '');

test('images of column chunks are those that prepare saw, in any order, with a cache, a tiny one and none', async (t) => {
  const caches = [undefined, 2 ** 20, 4096].map((limit) => limit && RangeCache.open(temporaryFolder(t), limit));
  for (const cache of await Promise.all(caches)) {
    const { read, expected } = await readerOf(files(), dataset, cache || undefined);
    assert.equal(expected.length, 12);
    const order = [7, 0, 11, 5, 4, 6, 1, 2, 3, 8, 9, 10];
    assert.deepEqual(
      await Promise.all(order.map(read)),
      order.map((index) => expected[index]),
    );
  }
});

test('a chunk is fetched once for all its images, which are kept each by itself', async (t) => {
  const source = files();
  const folder = temporaryFolder(t);
  const { read, streamed, expected } = await readerOf(source, dataset, await RangeCache.open(folder, 2 ** 20));
  source.asked.length = 0;
  const ranges = new Set(expected.map((_, i) => `${streamed.entryAt(i).shard} ${streamed.entryAt(i).offset}`));
  const chunks = () => source.asked.filter(({ offset, length }) => isChunk(offset, length)).length;
  const isChunk = (offset: number, length: number) =>
    expected.some((_, i) => streamed.entryAt(i).offset === offset && streamed.entryAt(i).length === length);
  for (const index of [0, 11, 5, 6]) await read(index); // one of each chunk
  await setTimeout(50); // their neighbours are put into the cache after them
  assert.deepEqual([ranges.size, chunks()], [4, 4]);
  for (const [index, pixels] of expected.entries()) assert.deepEqual(await read(index), pixels);
  assert.equal(chunks(), 4);
});
