import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { noFindings } from '../../../../../src/trainer/data/findings.ts';
import { parquet } from '../../../../../src/trainer/data/shards/parquet.ts';
import type { Shard, ShardEntry } from '../../../../../src/trainer/data/shards/shard.ts';
import { datasetOf } from '../../../../helpers/data.ts';
import { allOf, fileOf, memoryFiles, shardFixture } from '../../../../helpers/sourceFiles.ts';

async function opened(bytes: Uint8Array, fields: object = {}) {
  const files = memoryFiles({ 'a.parquet': bytes });
  const file = await fileOf(files, 'a.parquet');
  const shard = await parquet.open(files, file, datasetOf('Parquet', '', fields), noFindings());
  return { shard, files, entries: await allOf(shard.entries()) };
}

const column = (field?: string) => ({ labels: { classes: 3, from: 'Column', ...(field && { field }) } });

/** The first pixel of each image; ranges that are the same are the same bytes. */
async function firstPixels(
  bytes: Uint8Array,
  shard: Shard,
  entries: readonly ShardEntry[],
): Promise<(number | undefined)[]> {
  const ranges = new Map<number, Uint8Array>();
  return Promise.all(
    entries.map(async (entry) => {
      const range = ranges.get(entry.offset) ?? bytes.subarray(entry.offset, entry.offset + entry.length);
      ranges.set(entry.offset, range);
      const image = await shard.extract(range, entry);
      assert.equal(image.kind, 'encoded');
      return (
        await sharp(image.kind === 'encoded' ? image.bytes : undefined)
          .raw()
          .toBuffer()
      )[0];
    }),
  );
}

for (const name of ['none', 'snappy', 'gzip', 'zstd', 'pages']) {
  test(`images and classes of ${name}.parquet, by row groups`, async () => {
    const bytes = shardFixture(`${name}.parquet`);
    const { shard, entries } = await opened(bytes, column());
    assert.deepEqual(shard.classNames, ['ant', 'bee', 'cat']);
    assert.deepEqual(
      entries.map(({ label }) => label),
      [0, 1, 2, 0, 1, 2],
    );
    assert.deepEqual(await firstPixels(bytes, shard, entries), [0, 20, 40, 60, 80, 100]);
    assert.equal(entries[5]?.name, 'memory: a.parquet: row 5');
    if (name !== 'pages') assert.equal(new Set(entries.map(({ offset }) => offset)).size, 2, 'two row groups');
  });
}

test('of what the file has besides the images nothing is read', async () => {
  const { files } = await opened(shardFixture('snappy.parquet'));
  const read = files.asked.reduce((sum, { length }) => sum + length, 0);
  assert.ok(read < shardFixture('snappy.parquet').length, 'beginning and footer only');
});

test('a row without bytes is a broken image, and says what to do', async () => {
  const bytes = shardFixture('gone.parquet');
  const { shard, entries } = await opened(bytes);
  assert.equal(entries.length, 3);
  assert.deepEqual(await firstPixels(bytes, shard, entries.slice(0, 1)), [0]);
  for (const entry of entries.slice(1))
    await assert.rejects(firstPixels(bytes, shard, [entry]), { code: 'InputForeign', hint: /Write the images into/ });
});

test('of several columns the spec says which, nested ones by a path', async () => {
  const bytes = shardFixture('several.parquet');
  await assert.rejects(opened(bytes), { code: 'InputForeign', message: /several columns .*: image .*, sample.image/ });
  await assert.rejects(opened(bytes, { field: 'caption' }), { code: 'InputForeign', message: /has no column caption/ });
  const top = await opened(bytes, { field: 'image', ...column('label') });
  assert.deepEqual(await firstPixels(bytes, top.shard, top.entries), [0, 20, 40, 60, 80, 100]);
  assert.equal(top.shard.classNames, undefined);
  const nested = await opened(bytes, { field: 'sample.image' });
  assert.deepEqual(await firstPixels(bytes, nested.shard, nested.entries), [100, 80, 60, 40, 20, 0]);
  await assert.rejects(opened(bytes, { field: 'image', ...column() }), { message: /has no column of classes/ });
  await assert.rejects(opened(bytes, { field: 'image', ...column('caption') }), { hint: /class_encode_column/ });
  await assert.rejects(opened(bytes, { field: 'image', ...column('sample.class') }), {
    code: 'InputMismatch',
    message: 'has no label in sample.class, row 5 of row group 0',
  });
});

test('a column of bytes is one of images where there is no other; a list of images is none', async () => {
  const bytes = shardFixture('plain.parquet');
  const { shard, entries } = await opened(bytes, column('y'));
  assert.deepEqual(await firstPixels(bytes, shard, entries), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(
    entries.map(({ label }) => label),
    [0, 1, 2, 0, 1, 2],
  );
  await assert.rejects(opened(shardFixture('lists.parquet')), {
    message: 'has no column of images, only text (text)',
  });
});

test('what is cut off or no Parquet file is named', async () => {
  const bytes = shardFixture('snappy.parquet');
  await assert.rejects(opened(bytes.subarray(0, 1000)), { code: 'InputTruncated' });
  await assert.rejects(opened(bytes.subarray(0, 6)), { code: 'InputTruncated' });
  await assert.rejects(opened(new Uint8Array()), { code: 'InputTruncated', message: 'is empty' });
  const text = new Uint8Array(Buffer.from('<!doctype html>'));
  await assert.rejects(opened(text), { code: 'InputForeign', message: /it is a web page/ });
});

test('a range that is damaged is one broken image after the other, never another error', async () => {
  const bytes = shardFixture('snappy.parquet');
  const { shard, entries } = await opened(bytes);
  const entry = entries[0] as ShardEntry;
  const range = bytes.slice(entry.offset, entry.offset + entry.length).fill(0, 20);
  await assert.rejects(shard.extract(range, entry), { code: 'InputForeign' });
});

test('a file without rows has no images', async () => {
  assert.deepEqual((await opened(shardFixture('empty.parquet'), column())).entries, []);
});

test('labels that the pages have too few of are refused', async () => {
  const bytes = shardFixture('plain.parquet');
  const { shard, entries } = await opened(bytes);
  const { offset } = entries[0] as ShardEntry;
  await assert.rejects(shard.extract(bytes.subarray(0, 10), { offset: bytes.length, row: 0 }), {
    code: 'InputForeign',
  });
  await assert.rejects(shard.extract(bytes.subarray(offset, offset + 10), { offset, row: 0 }), {
    code: 'InputForeign',
  });
});
