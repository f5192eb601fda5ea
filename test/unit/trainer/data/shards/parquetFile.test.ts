import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileMetaData } from 'hyparquet';
import { DdrError } from '../../../../../src/api/errors.ts';
import { chunkOf, damaged, readFooter, readPages } from '../../../../../src/trainer/data/shards/parquetFile.ts';
import { pagesIn } from '../../../../../src/trainer/formats/parquetPages.ts';
import { fileOf, memoryFiles, shardFixture } from '../../../../helpers/sourceFiles.ts';

async function footerOf(bytes: Uint8Array): Promise<FileMetaData> {
  const files = memoryFiles({ a: bytes });
  return readFooter(files, await fileOf(files, 'a'), 'file');
}

test('any column of any row group is read by itself', async () => {
  const bytes = shardFixture('several.parquet');
  const metadata = await footerOf(bytes);
  const read = async (...path: string[]) => {
    const chunk = chunkOf(metadata, 0, path, { size: bytes.length, where: 'file' });
    const { offset, length } = chunk;
    return readPages(chunk, path, bytes.slice(offset, offset + length), offset, 'file');
  };
  assert.deepEqual(await read('label'), [0n, 1n, 2n, 0n, 1n, 2n]);
  assert.deepEqual(await read('sample', 'class'), [2, 1, 0, 2, 1, null]);
  assert.deepEqual(
    await read('image', 'path'),
    [0, 1, 2, 3, 4, 5].map((i) => `${i}.png`),
  );
  const image = (await read('sample', 'image', 'bytes'))[0];
  assert.ok(image instanceof Uint8Array && image[1] === 0x50);
  await assert.rejects(read('gone'), { code: 'InputForeign', message: /no column gone/ });
});

test('each page that needs no dictionary is read by itself', async () => {
  const bytes = shardFixture('pages.parquet');
  const path = ['image', 'bytes'];
  const chunk = chunkOf(await footerOf(bytes), 0, path, { size: bytes.length, where: 'file' });
  const pages = pagesIn(bytes.subarray(chunk.offset, chunk.offset + chunk.length), 'file');
  const read = pages.map(({ at, end }) =>
    readPages(chunk, path, bytes.slice(chunk.offset + at, chunk.offset + end), chunk.offset + at, 'file'),
  );
  const whole = await readPages(
    chunk,
    path,
    bytes.slice(chunk.offset, chunk.offset + chunk.length),
    chunk.offset,
    'file',
  );
  assert.ok(pages.length > 2);
  assert.deepEqual((await Promise.all(read)).flat(), whole);
});

test('row groups that are larger than memory should hold are refused with what to do', async () => {
  const bytes = shardFixture('snappy.parquet');
  const changed = async (fields: object, rows = 4n) => {
    const metadata = await footerOf(bytes);
    const about = metadata.row_groups[0]?.columns[0]?.meta_data;
    Object.assign(about as object, fields);
    (metadata.row_groups[0] as { num_rows: bigint }).num_rows = rows;
    return chunkOf(metadata, 0, ['image', 'bytes'], { size: bytes.length, where: 'file' });
  };
  await assert.rejects(changed({ total_uncompressed_size: 2n ** 31n }), {
    code: 'InputUnsafe',
    hint: /row_group_size/,
  });
  await assert.rejects(changed({}, 2n ** 40n), { code: 'InputUnsafe' });
  await assert.rejects(changed({ total_compressed_size: 2n ** 20n }), { code: 'InputTruncated' });
  for (const fields of [
    { data_page_offset: -1n, dictionary_page_offset: undefined },
    { num_values: 3n },
    { total_compressed_size: 0n },
  ])
    await assert.rejects(changed(fields), { code: 'InputForeign' });
});

test('a footer is read by its own length; one that is encrypted is said to be', async () => {
  const bytes = shardFixture('snappy.parquet');
  const files = memoryFiles({ a: bytes });
  await readFooter(files, await fileOf(files, 'a'), 'file');
  assert.ok(files.asked.every(({ length }) => length <= bytes.length / 2 + 512));
  const encrypted = bytes.slice();
  encrypted.set(Buffer.from('PARE'));
  await assert.rejects(footerOf(encrypted), { code: 'InputForeign', message: 'is encrypted' });
  const nonsense = bytes.slice().fill(0xff, bytes.length - 200, bytes.length - 8);
  await assert.rejects(footerOf(nonsense), { code: 'InputForeign', where: 'file' });
});

test('errors of ours stay as they are, and those of the library get a place', () => {
  const own = new DdrError('DataChanged', 'x');
  assert.equal(damaged(own, 'file'), own);
  assert.equal(damaged(new RangeError('Offset'), 'file').code, 'InputForeign');
});
