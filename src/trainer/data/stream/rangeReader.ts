import type { SourceFile, SourceFiles } from '../sourceFiles.ts';
import type { FileRange, RangeCache } from './rangeCache.ts';

/** Bytes that are fetched at once where all shards will be in the cache in the end: requests for small images are dear. */
export const blockBytes = 2 ** 20;

/** What a cache needs beyond the bytes: whole blocks of the disk and checksums. */
const overhead = 1.02;

/** Whether a cache can hold files whole. */
export function canHold({ limit }: Pick<RangeCache, 'limit'>, shards: readonly SourceFile[]): boolean {
  const bytes = shards.reduce((sum, { size }) => sum + size + blockBytes / 64, 0);
  return bytes * overhead <= limit;
}

/** Reads [offset, offset + length) of a shard. */
export type RangeReader = (range: FileRange) => Promise<Uint8Array>;

/**
 * Reads ranges through a cache: by themselves, or by blocks of the shards where the cache can hold all of these.
 * @param cache left out where files are read in place
 */
export function createRangeReader(
  files: SourceFiles,
  shards: readonly SourceFile[],
  cache: RangeCache | undefined,
): RangeReader {
  const fetch = ({ file, offset, length }: FileRange) => files.range(file, offset, length);
  if (cache === undefined) return fetch;
  if (!canHold(cache, shards)) return (range) => cache.read(range, () => fetch(range));
  return async ({ file, offset, length }) => {
    const end = offset + length;
    const pieces: Promise<Uint8Array>[] = [];
    for (let at = offset - (offset % blockBytes); at < end; at += blockBytes) {
      const block = { file, offset: at, length: Math.min(blockBytes, file.size - at) };
      const from = Math.max(0, offset - at);
      const part = { from, length: Math.min(block.length, end - at) - from };
      pieces.push(cache.read(block, () => fetch(block), part));
    }
    const [only, ...others] = await Promise.all(pieces);
    return others.length === 0 ? (only ?? new Uint8Array()) : Buffer.concat([only as Uint8Array, ...others]);
  };
}
