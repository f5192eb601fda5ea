import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { segmentsOf, segmentsOfPages } from '../../../../../src/trainer/data/shards/parquetSegments.ts';
import { type ParquetPage, pagesIn } from '../../../../../src/trainer/formats/parquetPages.ts';

const half = 2 ** 19;

/** Pages one after the other, of so many bytes and values; D is a dictionary, d a page that needs it. */
function pagesOf(sizes: readonly [kind: 'D' | 'd' | 'p', bytes: number, values: number][]): ParquetPage[] {
  let at = 0;
  return sizes.map(([kind, bytes, values]) => {
    const page = { isDictionary: kind === 'D', needsDictionary: kind === 'd', at, end: at + bytes, values };
    at += bytes;
    return page;
  });
}

const shown = (pages: ParquetPage[]) =>
  segmentsOfPages(pages, 100).map(({ offset, length, rows }) => [offset - 100, length, rows]);

test('pages with a dictionary are one segment with it, others each one that is large enough', () => {
  const pages = pagesOf([
    ['D', half, 0],
    ['d', 10, 5],
    ['d', 10, 5],
    ['p', half, 3],
    ['p', 10, 1],
    ['p', half, 2],
    ['p', 10, 4],
  ]);
  assert.deepEqual(shown(pages), [
    [0, half + 20, 10],
    [half + 20, half, 3],
    [2 * half + 20, half + 10, 3],
    [3 * half + 30, 10, 4],
  ]);
});

test('segments follow one another and leave no row out', () => {
  const page = fc.tuple(
    fc.constantFrom('D' as const, 'd' as const, 'p' as const),
    fc.integer({ min: 1, max: half }),
    fc.nat(9),
  );
  fc.assert(
    fc.property(fc.array(page, { minLength: 1, maxLength: 20 }), (sizes) => {
      const pages = pagesOf(sizes);
      const segments = segmentsOfPages(pages, 0);
      let end = 0;
      for (const { offset, length } of segments) {
        assert.equal(offset, end);
        end += length;
      }
      assert.equal(end, pages.at(-1)?.end);
      const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
      assert.equal(sum(segments.map(({ rows }) => rows)), sum(pages.map(({ values }) => values)));
    }),
  );
});

/** A page of a v1 column without levels: its header, and as many bytes as it says. */
function written(bytes: number, values: number): Uint8Array {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const i32 = (value: number) => varint(value << 1);
  const about = [0x15, ...i32(values), 0x15, ...i32(0), 0x15, ...i32(3), 0x15, ...i32(3), 0];
  const header = [0x15, ...i32(0), 0x15, ...i32(bytes), 0x15, ...i32(bytes), 0x2c, ...about, 0];
  return Uint8Array.from([...header, ...new Uint8Array(bytes)]);
}

test('of a small column nothing is read, of a large one the headers of its pages', async () => {
  const column = new Uint8Array(Buffer.concat(Array.from({ length: 6 }, () => written(2 ** 20, 7))));
  let [read, requests] = [0, 0];
  const reading = async (offset: number, length: number) => {
    read += length;
    requests++;
    return column.subarray(offset - 4, offset - 4 + length);
  };
  const segments = await segmentsOf({ offset: 4, length: column.length, rows: 42 }, reading, 'file');
  assert.deepEqual(
    segments.map(({ offset, rows }) => [(offset - 4) / (column.length / 6), rows]),
    [0, 1, 2, 3, 4, 5].map((i) => [i, 7]),
  );
  assert.ok(read < column.length / 20 && requests === 6);
  assert.deepEqual(
    pagesIn(column, 'file').map(({ values }) => values),
    Array.from({ length: 6 }, () => 7),
  );
  const small = { offset: 4, length: 1000, rows: 3 };
  assert.deepEqual(await segmentsOf(small, () => assert.fail(), 'file'), [small]);
  const wrong = segmentsOf({ offset: 4, length: column.length, rows: 43 }, reading, 'file');
  await assert.rejects(wrong, { code: 'InputForeign', message: /42 of 43 rows/ });
});
