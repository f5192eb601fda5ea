import { join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { commitFolder, fileRecordSchema, readJson, readRecorded, recordOf, toJson } from '../bundle/commit.ts';
import { type NpyArray, readNpy, writeNpy } from '../formats/npy.ts';

/** Samples whose whole walk is kept, by the first shard. */
export const walkSamples = 10;

const recordSchema = z.object({
  hash: z.string(),
  shard: z.int(),
  first: z.int(),
  count: z.int(),
  seconds: z.number(),
  images: fileRecordSchema,
  /** Walk of the first samples, by the first shard. */
  walk: fileRecordSchema.optional(),
});

export type ShardRecord = z.output<typeof recordSchema>;

/** Samples as bytes: images [N,H,W,C], and of the first few every step of the walk [steps + 1, n, H, W, C]. */
export interface ShardImages {
  images: NpyArray<Uint8Array>;
  walk?: NpyArray<Uint8Array> | undefined;
}

/** The samples of shard `index`: contiguous, as even as can be. */
export function shardRange(index: number, shards: number, count: number): { first: number; count: number } {
  const first = Math.floor((index * count) / shards);
  return { first, count: Math.floor(((index + 1) * count) / shards) - first };
}

export async function saveShard(
  folder: string,
  record: Omit<ShardRecord, 'images' | 'walk'>,
  { images, walk }: ShardImages,
): Promise<void> {
  const bytes = { images: writeNpy(images), walk: walk === undefined ? undefined : writeNpy(walk) };
  const complete: ShardRecord = {
    ...record,
    images: recordOf(bytes.images),
    ...(bytes.walk === undefined ? {} : { walk: recordOf(bytes.walk) }),
  };
  await commitFolder(folder, {
    'images.npy': bytes.images,
    ...(bytes.walk === undefined ? {} : { 'walk.npy': bytes.walk }),
    'shard.json': toJson(complete),
  });
}

/**
 * Reads a shard and checks its digests.
 * @returns undefined where it is not there
 * @throws DdrError DigestMismatch
 */
export async function loadShard(
  folder: string,
  hash: string,
): Promise<(ShardImages & { record: ShardRecord }) | undefined> {
  const record = await readJson(join(folder, 'shard.json'), recordSchema);
  if (record === undefined) return undefined;
  if (record.hash !== hash)
    throw new DdrError('DigestMismatch', `holds samples ${record.hash}, not ${hash}`, { where: folder });
  const read = async (name: string, file: z.output<typeof fileRecordSchema>) => {
    const path = join(folder, name);
    return readNpy(await readRecorded(path, file), path) as NpyArray<Uint8Array>;
  };
  return {
    record,
    images: await read('images.npy', record.images),
    walk: record.walk === undefined ? undefined : await read('walk.npy', record.walk),
  };
}
