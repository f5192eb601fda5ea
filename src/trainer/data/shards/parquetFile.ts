import { type ColumnMetaData, type Compressors, type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DdrError } from '../../../api/errors.ts';
import { foreignContent } from '../../formats/content.ts';
import { pagesIn } from '../../formats/parquetPages.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';

/** Largest footer, and largest column of a row group, packed or unpacked: it is held in memory. */
const [mostFooterBytes, mostChunkBytes] = [2 ** 28, 2 ** 30];
/** Most rows of a row group. */
const mostRows = 2 ** 24;

const magic = 'PAR1';
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** Errors of the library as those of an input: it throws whatever a damaged file leads it to. */
export function damaged(cause: unknown, where: string): DdrError {
  if (cause instanceof DdrError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DdrError('InputForeign', `is damaged, or of a kind of Parquet that is not read: ${message}`, {
    where,
    hint: 'Write it anew, such as with pyarrow.parquet.write_table or dataset.to_parquet.',
    cause,
  });
}

/**
 * What a file's footer says of it.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export async function readFooter(files: SourceFiles, file: SourceFile, where: string): Promise<FileMetaData> {
  const head = file.size === 0 ? new Uint8Array() : await files.range(file, 0, Math.min(file.size, 512));
  if (file.size === 0) throw new DdrError('InputTruncated', 'is empty', { where });
  if (textOf(head.subarray(0, 4)) === 'PARE') throw new DdrError('InputForeign', 'is encrypted', { where });
  if (textOf(head.subarray(0, 4)) !== magic) throw foreignContent(head, 'is not a Parquet file', where);
  const tail = file.size < 12 ? new Uint8Array(8) : await files.range(file, file.size - 8, 8);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (textOf(tail.subarray(4)) !== magic || length + 12 > file.size) {
    throw new DdrError('InputTruncated', 'ends before its footer, which says where its columns are', {
      where,
      hint: 'Copy it again.',
    });
  }
  if (length > mostFooterBytes) throw new DdrError('InputUnsafe', `has a footer of ${length} bytes`, { where });
  try {
    return parquetMetadata(await files.range(file, file.size - length - 8, length + 8), { geoparquet: false });
  } catch (cause) {
    throw damaged(cause, where);
  }
}

/** A column of a row group, and where its bytes are. */
export interface Chunk {
  metadata: FileMetaData;
  offset: number;
  length: number;
  rows: number;
}

const chunkOffset = ({ dictionary_page_offset, data_page_offset }: ColumnMetaData): bigint =>
  dictionary_page_offset !== undefined && dictionary_page_offset > 0n && dictionary_page_offset < data_page_offset
    ? dictionary_page_offset
    : data_page_offset;

/** The same metadata as if the file had no other column, and no other row group. */
function narrowed(metadata: FileMetaData, group: number, path: readonly string[]): FileMetaData {
  const rowGroup = metadata.row_groups[group] as FileMetaData['row_groups'][number];
  const key = path.join('\n');
  const columns = rowGroup.columns.filter(({ meta_data }) => meta_data?.path_in_schema?.join('\n') === key);
  const schema = [metadata.schema[0], ...elementsOf(metadata, path)].map((element, depth) => ({
    ...(element as FileMetaData['schema'][number]),
    ...(depth < path.length && { num_children: 1 }),
  }));
  return { ...metadata, schema, num_rows: rowGroup.num_rows, row_groups: [{ ...rowGroup, columns }] };
}

/** Elements of the schema along a path; they lie depth first, each before its children. */
function elementsOf({ schema }: FileMetaData, path: readonly string[]): FileMetaData['schema'] {
  const found: FileMetaData['schema'] = [];
  const walk = (at: number, depth: number, matches: boolean): number => {
    const element = schema[at];
    if (element === undefined) return at + 1;
    const isOn = matches && (depth === 0 || element.name === path[depth - 1]);
    if (isOn && depth > 0) found[depth - 1] = element;
    let next = at + 1;
    for (let child = 0; child < (element.num_children ?? 0) && next < schema.length; child++)
      next = walk(next, depth + 1, isOn);
    return next;
  };
  walk(0, 0, true);
  return found;
}

/**
 * A column of a row group.
 * @param path names of the column from the top
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function chunkOf(
  whole: FileMetaData,
  group: number,
  path: readonly string[],
  { size, where }: { size: number; where: string },
): Chunk {
  const metadata = narrowed(whole, group, path);
  const rows = Number(metadata.num_rows);
  const column = metadata.row_groups[0]?.columns[0];
  const about = column?.meta_data;
  if (about === undefined || column?.file_path)
    throw new DdrError('InputForeign', `has no column ${path.join('.')} in row group ${group}`, { where });
  const [offset, length] = [Number(chunkOffset(about)), Number(about.total_compressed_size)];
  const most = Math.max(length, Number(about.total_uncompressed_size));
  if (most > mostChunkBytes || rows > mostRows) {
    throw new DdrError('InputUnsafe', `has row groups of ${rows} rows and ${most} bytes, which are read whole`, {
      where,
      hint: 'Write it with smaller ones: to_parquet(path, batch_size=100), or write_table(…, row_group_size=100).',
    });
  }
  if (!(rows === 0 || (rows > 0 && offset >= 4 && length > 0)) || Number(about.num_values) !== rows)
    throw new DdrError('InputForeign', `has a footer that says what cannot be of row group ${group}`, { where });
  if (offset + length > size) throw new DdrError('InputTruncated', `ends within row group ${group}`, { where });
  return { metadata, offset, length, rows };
}

/** Unpacks pages, none of which may become larger than a column may be. */
const bounded: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, length: number) => {
      if (!(length >= 0 && length <= mostChunkBytes)) throw new Error(`a page would have ${length} bytes`);
      return unpack(input, length);
    },
  ]),
);

/** The metadata of a column as if it had only these pages. @throws DdrError InputForeign */
function ofPages({ metadata }: Chunk, bytes: Uint8Array, offset: number, where: string) {
  const pages = pagesIn(bytes, where);
  const [first, next] = pages;
  const rows = pages.reduce((sum, { values }) => sum + values, 0);
  const [group] = metadata.row_groups;
  const [column] = group?.columns ?? [];
  const about = column?.meta_data;
  const data = first?.isDictionary ? next : first;
  const isAlone = pages.some(({ needsDictionary }) => needsDictionary) && !first?.isDictionary;
  if (group === undefined || about === undefined || data === undefined || isAlone || rows > mostRows)
    throw new DdrError('InputForeign', 'is damaged: its pages do not fit one another', { where });
  const meta_data = {
    ...about,
    num_values: BigInt(rows),
    total_compressed_size: BigInt(bytes.length),
    data_page_offset: BigInt(offset + data.at),
    dictionary_page_offset: first?.isDictionary ? BigInt(offset) : undefined,
  };
  const row_groups = [{ ...group, num_rows: BigInt(rows), columns: [{ ...column, meta_data }] }];
  return { rows, metadata: { ...metadata, num_rows: BigInt(rows), row_groups } as FileMetaData };
}

/**
 * Values of some pages of a column.
 * @param bytes pages that follow one another, from `offset` of the file on
 * @throws DdrError InputForeign
 */
export async function readPages(
  chunk: Chunk,
  path: readonly string[],
  bytes: Uint8Array,
  offset: number,
  where: string,
): Promise<unknown[]> {
  const { rows, metadata } = ofPages(chunk, bytes, offset, where);
  const file = {
    byteLength: offset + bytes.length,
    slice: (start: number, end = offset + bytes.length) => partOf(bytes, start - offset, end - offset),
  };
  let values: unknown[] = [];
  try {
    await parquetRead({
      file,
      metadata,
      compressors: bounded,
      utf8: false,
      onComplete: (read) => {
        values = read.map(([value]) => path.slice(1).reduce(fieldOf, value as unknown));
      },
    });
  } catch (cause) {
    throw damaged(cause, where);
  }
  if (values.length === rows) return values;
  throw new DdrError('InputForeign', `has ${values.length} of ${rows} values in ${path.join('.')}`, { where });
}

const fieldOf = (value: unknown, name: string): unknown =>
  value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;

/** Bytes as the library takes them; without a copy where all are asked for. */
function partOf(bytes: Uint8Array, from: number, to: number): ArrayBuffer {
  const { buffer, byteOffset } = bytes;
  if (from === 0 && to === bytes.length && bytes.length === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset + Math.max(0, from), byteOffset + Math.min(to, bytes.length)) as ArrayBuffer;
}
