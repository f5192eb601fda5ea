import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetMetadata } from 'hyparquet';
import { pagesIn, parsePageHeader } from '../../../../src/trainer/formats/parquetPages.ts';
import { shardFixture } from '../../../helpers/sourceFiles.ts';

/** The bytes of every column of a file's row groups, and how many values it says that they have. */
function columnsOf(name: string) {
  const bytes = shardFixture(name);
  return parquetMetadata(bytes)
    .row_groups.flatMap(({ columns }) => columns)
    .map(({ meta_data: about }) => {
      const offset = Number(about?.dictionary_page_offset ?? about?.data_page_offset);
      const column = bytes.subarray(offset, offset + Number(about?.total_compressed_size));
      return { column, values: Number(about?.num_values), hasDictionary: about?.dictionary_page_offset !== undefined };
    });
}

for (const name of ['none', 'snappy', 'gzip', 'zstd', 'pages', 'gone', 'several', 'plain'])
  test(`the pages of ${name}.parquet fill its columns and have all values`, () => {
    for (const { column, values, hasDictionary } of columnsOf(`${name}.parquet`)) {
      const pages = pagesIn(column, 'file');
      assert.equal(pages.at(-1)?.end, column.length);
      assert.equal(
        pages.reduce((sum, page) => sum + page.values, 0),
        values,
      );
      assert.equal(pages[0]?.isDictionary, hasDictionary);
      assert.equal(
        pages.some(({ needsDictionary }) => needsDictionary),
        hasDictionary,
      );
    }
  });

test('small pages are several', () => {
  assert.ok(columnsOf('pages.parquet').some(({ column }) => pagesIn(column, 'file').length > 1));
});

test('sizes that are negative, and headers without an end, are refused', () => {
  const header = (packed: number) => Uint8Array.from([0x15, 0, 0x15, 20, 0x15, packed, 0x2c, 0x15, 2, 0x15, 0, 0, 0]);
  assert.deepEqual(parsePageHeader(header(20), 0, 'file'), {
    isDictionary: false,
    needsDictionary: false,
    at: 0,
    end: 23,
    values: 1,
  });
  const refused = { code: 'InputForeign', where: 'file' };
  assert.throws(() => parsePageHeader(header(19), 0, 'file'), refused, 'zigzag of −10');
  assert.throws(() => parsePageHeader(header(20).subarray(0, 9), 0, 'file'), refused);
  assert.throws(() => parsePageHeader(new Uint8Array(100).fill(0x1c), 0, 'file'), refused, 'nested for ever');
  assert.throws(() => parsePageHeader(new Uint8Array(100).fill(0xff), 0, 'file'), refused);
  assert.throws(() => pagesIn(header(20), 'file'), { message: /a page ends after its column/ });
});
