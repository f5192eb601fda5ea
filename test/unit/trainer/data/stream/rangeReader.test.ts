import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RangeCache } from '../../../../../src/trainer/data/stream/rangeCache.ts';
import { blockBytes, canHold, createRangeReader } from '../../../../../src/trainer/data/stream/rangeReader.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { memoryFiles } from '../../../../helpers/sourceFiles.ts';

const length = 2.5 * blockBytes;
const content = Uint8Array.from({ length }, (_, i) => (i * 31) % 251);

test('ranges are what the file has there, read in place, by themselves and by blocks', async (t) => {
  const files = memoryFiles({ 'a.tar': content });
  const shards = await files.list();
  const [file] = shards;
  if (file === undefined) return assert.fail();
  const caches = [
    undefined,
    await RangeCache.open(temporaryFolder(t), blockBytes),
    await RangeCache.open(temporaryFolder(t), 8 * blockBytes),
  ];
  const readers = caches.map((cache) => createRangeReader(files, shards, cache));
  const range = fc
    .tuple(fc.nat(length), fc.oneof(fc.nat(200), fc.nat(length)))
    .map(([offset, size]) => ({ file, offset, length: Math.min(size, length - offset) }));
  await fc.assert(
    fc.asyncProperty(range, async (asked) => {
      for (const read of readers)
        assert.ok(
          Buffer.from(content)
            .subarray(asked.offset, asked.offset + asked.length)
            .equals(await read(asked)),
        );
    }),
    { numRuns: 30 },
  );
});

test('a cache that holds all shards fetches each block once, however many images it has; a smaller one fetches images', async (t) => {
  const files = memoryFiles({ 'a.tar': content });
  const shards = await files.list();
  const file = shards[0] ?? assert.fail();
  const asked = async (limit: number) => {
    files.asked.length = 0;
    const read = createRangeReader(files, shards, await RangeCache.open(temporaryFolder(t), limit));
    for (const offset of [0, 5000, blockBytes - 10, 100]) await read({ file, offset, length: 20 });
    return files.asked.map(({ offset, length: size }) => [offset, size]);
  };
  const blocks = [0, 1].map((i) => [i * blockBytes, blockBytes]);
  assert.deepEqual(await asked(8 * blockBytes), blocks);
  assert.deepEqual(
    await asked(blockBytes),
    [0, 5000, blockBytes - 10, 100].map((offset) => [offset, 20]),
  );
  assert.deepEqual([canHold({ limit: 8 * blockBytes }, shards), canHold({ limit: length }, shards)], [true, false]);
});
