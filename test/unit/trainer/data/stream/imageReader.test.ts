import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, truncateSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { DdrError } from '../../../../../src/api/errors.ts';
import { createImageReader } from '../../../../../src/trainer/data/stream/imageReader.ts';
import { RangeCache } from '../../../../../src/trainer/data/stream/rangeCache.ts';
import { openVolumeFiles } from '../../../../../src/trainer/data/volumeFiles.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { picture, readerOf, shardPath, shardsOf, shardVolume, tarOf } from '../../../../helpers/shards.ts';
import { memoryFiles } from '../../../../helpers/sourceFiles.ts';

test('images are those that prepare saw, whatever the cache holds and however much it may', async (t) => {
  const files = await openVolumeFiles(await shardVolume(t, 10), 'shards', 'shards');
  const folder = temporaryFolder(t);
  // One that holds all shards; it again, warm; one that holds a few images; none.
  for (const limit of [64 * 2 ** 20, 64 * 2 ** 20, 3 * 4096, undefined]) {
    const cache = limit && (await RangeCache.open(limit === 3 * 4096 ? temporaryFolder(t) : folder, limit));
    const { read, expected } = await readerOf(files, shardsOf(), cache || undefined);
    const order = [3, 9, 0, 1, 2, 8, 4, 7, 6, 5, 3, 9];
    assert.deepEqual(
      await Promise.all(order.map(read)),
      order.map((index) => expected[index]),
    );
  }
});

test('a shard that vanished, shrank or is another version is DataChanged, and the others stay readable', async (t) => {
  const changes: [string, (path: string) => void][] = [
    ['vanished', (path) => rmSync(path)],
    ['shrank', (path) => truncateSync(path, 100)],
    ['grew', (path) => appendFileSync(path, 'x')],
    ['was touched', (path) => utimesSync(path, 1, 1)],
  ];
  for (const [name, change] of changes) {
    const volume = await shardVolume(t, 8);
    const { read, expected } = await readerOf(await openVolumeFiles(volume, 'shards', 'shards'), shardsOf());
    change(shardPath(volume, 4));
    await assert.rejects(read(4), { code: 'DataChanged' }, name);
    assert.deepEqual(await read(0), expected[0]);
  }
});

test('bytes that changed under an equal version are found by their pixels, or by what the decoder says', async (t) => {
  const volume = await shardVolume(t, 4);
  const shard = shardPath(volume, 0);
  const content = new Uint8Array(readFileSync(shard));
  const files = memoryFiles({ 'part.tar': content });
  const { read, streamed } = await readerOf(files, shardsOf());
  const [first, second] = [streamed.entryAt(0), streamed.entryAt(3)]; // both PNG
  content.set(content.slice(second.offset, second.offset + Math.min(first.length, second.length)), first.offset);
  await assert.rejects(read(0), { code: 'DataChanged', message: /^image 0 is no longer what it was/ });
  content.fill(0, first.offset, first.offset + first.length);
  await assert.rejects(read(0), { code: 'DataChanged', where: 'memory: part.tar', hint: /dataset\.revision/ });
});

test('what the source throws is told as it is: a network that does not answer is tried again by the Job', async () => {
  const files = memoryFiles({ 'a.tar': await tarOf({ 'a.png': (await picture(0)).bytes }) });
  const { streamed } = await readerOf(files, shardsOf());
  const range = () => Promise.reject(new DdrError('SourceUnavailable', 'does not answer'));
  await assert.rejects(createImageReader({ ...streamed, files: { ...files, range } })(0), {
    code: 'SourceUnavailable',
  });
});
