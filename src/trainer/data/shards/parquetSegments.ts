import { DdrError } from '../../../api/errors.ts';
import { type ParquetPage, pageHeadBytes, parsePageHeader } from '../../formats/parquetPages.ts';
import type { Read } from './forward.ts';

/** Pages of a column that can be read by themselves. */
export interface Segment {
  /** Where they are in the file. */
  offset: number;
  length: number;
  rows: number;
}

/** Columns up to this size are one segment, and so are pages until they have as much: a request costs as much as some bytes. */
const [wholeBytes, leastBytes] = [2 ** 22, 2 ** 19];

/**
 * Segments of pages that follow one another: those with a dictionary are one with it, of the others each that is large enough.
 * @param offset of the first page in the file; pages say where they are from there
 */
export function segmentsOfPages(pages: readonly ParquetPage[], offset: number): Segment[] {
  const segments: Segment[] = [];
  const lastOfDictionary = pages.findLastIndex(({ needsDictionary, isDictionary }) => needsDictionary || isDictionary);
  let open: Segment | undefined;
  for (const [index, { at, end, values }] of pages.entries()) {
    open ??= { offset: offset + at, length: 0, rows: 0 };
    open.length = offset + end - open.offset;
    open.rows += values;
    if (index < lastOfDictionary || (index > lastOfDictionary && open.length < leastBytes)) continue;
    segments.push(open);
    open = undefined;
  }
  return open === undefined ? segments : [...segments, open];
}

/**
 * Segments of a column of a row group. Of a large one the headers of its pages are read.
 * @throws DdrError InputForeign; what reading throws
 */
export async function segmentsOf(column: Segment, read: Read, where: string): Promise<Segment[]> {
  const { offset, length, rows } = column;
  if (length <= wholeBytes) return [{ offset, length, rows }];
  const pages: ParquetPage[] = [];
  for (let at = 0; at < length; ) {
    const header = parsePageHeader(await read(offset + at, Math.min(pageHeadBytes, length - at)), 0, where);
    pages.push({ ...header, at, end: at + header.end });
    at += header.end;
  }
  const segments = segmentsOfPages(pages, offset);
  const found = segments.reduce((sum, each) => sum + each.rows, 0);
  if (found === rows && pages.at(-1)?.end === length) return segments;
  throw new DdrError('InputForeign', `is damaged: its pages have ${found} of ${rows} rows`, {
    where,
    hint: 'Copy it again.',
  });
}
