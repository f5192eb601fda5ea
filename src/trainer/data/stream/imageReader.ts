import { DdrError, toDdrError } from '../../../api/errors.ts';
import { noFindings } from '../findings.ts';
import { decodeShardImage } from '../shards/openShards.ts';
import type { Shard, ShardImage } from '../shards/shard.ts';
import type { SourceFile } from '../sourceFiles.ts';
import { type IndexEntry, pixelsDigest } from './indexEntry.ts';
import { createRangeReader } from './rangeReader.ts';
import { createRowReader } from './rowReader.ts';
import type { Streamed } from './streamed.ts';

/** Shards that are kept open: their footers, as Parquet has them. */
const openShards = 64;

/** Opens shards when they are needed, and keeps those that were needed last. */
function createShards({ format, files, shards, dataset }: Streamed): (number: number) => Promise<Shard> {
  const open = new Map<number, Promise<Shard>>();
  return (number) => {
    const shard = open.get(number) ?? format.open(files, shards[number] as SourceFile, dataset, noFindings());
    open.delete(number);
    open.set(number, shard);
    shard.catch(() => open.delete(number));
    for (const [oldest] of open) if (open.size > openShards) open.delete(oldest);
    return shard;
  };
}

/** What prepare could decode, and is no longer to be decoded or decodes to others, is not what it was. */
function changed(where: string, index: number, cause?: unknown): DdrError {
  return new DdrError('DataChanged', `image ${index} is no longer what it was when the data were prepared`, {
    where,
    hint: 'Set dataset.revision to another text: the data are then prepared anew. So they must be after an upgrade that decodes images otherwise.',
    cause,
  });
}

const brokenCodes = ['InputForeign', 'InputTruncated', 'InputUnsafe'];

/**
 * Reads images by their numbers, decoded and conformed as prepare did it: each is held against the digest of the pixels that
 * prepare saw.
 * @returns pixels of an image, size × size × channels bytes
 * @throws DdrError DataChanged, and what reading the source throws
 */
export function createImageReader(streamed: Streamed): (index: number) => Promise<Uint8Array> {
  const { files, shards, dataset, cache, entryAt } = streamed;
  const shardOf = createShards(streamed);
  const readRange = createRangeReader(files, shards, cache);
  const readRow = createRowReader(streamed, shardOf);

  async function imageAt(index: number, entry: IndexEntry): Promise<ShardImage> {
    if (entry.row !== undefined) return readRow(index, { ...entry, row: entry.row });
    const { shard, offset, length } = entry;
    const range = await readRange({ file: shards[shard] as SourceFile, offset, length });
    return (await shardOf(shard)).extract(range, entry);
  }

  return async (index) => {
    const entry = entryAt(index);
    const where = `${files.where}: ${shards[entry.shard]?.name}`;
    try {
      const { pixels } = await decodeShardImage(await imageAt(index, entry), dataset, where);
      if (pixelsDigest(pixels) === entry.digest) return pixels;
    } catch (thrown) {
      const error = toDdrError(thrown);
      throw brokenCodes.includes(error.code) ? changed(where, index, error) : error;
    }
    throw changed(where, index);
  };
}
