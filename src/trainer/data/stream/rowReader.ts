import { DdrError } from '../../../api/errors.ts';
import type { Shard, ShardImage } from '../shards/shard.ts';
import type { SourceFile } from '../sourceFiles.ts';
import type { IndexEntry } from './indexEntry.ts';
import type { Streamed } from './streamed.ts';

/** An image of a range that holds several. */
type Row = IndexEntry & { row: number };

/** Ranges that are kept in memory: whoever reads images in the order of the index asks for neighbours. */
const keptRanges = 2;

const sameRange = (a: IndexEntry, b: IndexEntry) => a.shard === b.shard && a.offset === b.offset;

/**
 * Reads images of ranges that hold several, such as the column chunks of Parquet. A range is fetched and unpacked as a whole:
 * all its images are then put into the cache, each by itself.
 */
export function createRowReader(
  { files, shards, count, entryAt, cache }: Pick<Streamed, 'files' | 'shards' | 'count' | 'entryAt' | 'cache'>,
  shardOf: (number: number) => Promise<Shard>,
): (index: number, row: Row) => Promise<ShardImage> {
  const ranges = new Map<string, Promise<Uint8Array>>();

  /** @param onFetched told once, when the range has come */
  function rangeOf(
    { shard, offset, length }: Row,
    onFetched: (range: Uint8Array) => Promise<void>,
  ): Promise<Uint8Array> {
    const key = `${shard} ${offset}`;
    const known = ranges.get(key);
    if (known !== undefined) return known;
    const range = files.range(shards[shard] as SourceFile, offset, length);
    ranges.set(key, range);
    range.then(onFetched).catch(() => ranges.delete(key)); // whoever asks for it is told
    for (const [oldest] of ranges) if (ranges.size > keptRanges) ranges.delete(oldest);
    return range;
  }

  const keyOf = ({ shard, offset, length, row }: Row) => ({ file: shards[shard] as SourceFile, offset, length, row });

  async function bytesOf(row: Row, range: Uint8Array): Promise<Uint8Array> {
    const image = await (await shardOf(row.shard)).extract(range, row);
    if (image.kind === 'encoded') return image.bytes;
    throw new DdrError('Unexpected', 'an array is no row of a range');
  }

  /** The images around one in the index that are of the same range. */
  function* neighbours(index: number): Generator<Row> {
    const own = entryAt(index);
    for (const step of [-1, 1]) {
      for (let i = index + step; i >= 0 && i < count; i += step) {
        const entry = entryAt(i);
        if (entry.row === undefined || !sameRange(entry, own)) break;
        yield { ...entry, row: entry.row };
      }
    }
  }

  async function keepNeighbours(index: number, range: Uint8Array): Promise<void> {
    for (const row of neighbours(index)) await cache?.read(keyOf(row), () => bytesOf(row, range));
  }

  return async (index, row) => {
    const keep = (range: Uint8Array) => keepNeighbours(index, range);
    const fetch = async () => bytesOf(row, await rangeOf(row, keep));
    const bytes = await (cache === undefined ? fetch() : cache.read(keyOf(row), fetch));
    return { kind: 'encoded', bytes };
  };
}
