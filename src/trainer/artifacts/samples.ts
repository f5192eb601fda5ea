import { join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { type NpyArray, readNpy, writeNpy } from '../formats/npy.ts';
import { commitFolder, fileRecordSchema, readJson, readRecorded, recordOf, toJson } from './commit.ts';

/** Samples whose whole walk is kept, by the first shard. */
export const walkSamples = 8;

const recordSchema = z.object({
  hash: z.string(),
  shard: z.int(),
  first: z.int(),
  count: z.int(),
  seconds: z.number(),
  images: fileRecordSchema,
  /** Walk of the first samples, by the first shard. */
  walk: z.object({ x: fileRecordSchema, predicted: fileRecordSchema }).optional(),
});

export type ShardRecord = z.output<typeof recordSchema>;

/** How a few samples came about. */
export interface Walk {
  /** x at the start and after every step, [S + 1, n, H, W, C]. */
  x: NpyArray<Uint8Array>;
  /** x̂0 that each state's model predicted, [S, n, H, W, C]. */
  predicted: NpyArray<Uint8Array>;
}

/** Samples as bytes, [N, H, W, C], and the walk of the first few. */
export interface ShardImages {
  images: NpyArray<Uint8Array>;
  walk?: Walk | undefined;
}

const files = { images: 'images.npy', x: 'walk.npy', predicted: 'predicted.npy' } as const;

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
  const imageBytes = writeNpy(images);
  const walkBytes = walk === undefined ? undefined : { x: writeNpy(walk.x), predicted: writeNpy(walk.predicted) };
  const complete: ShardRecord = {
    ...record,
    images: recordOf(imageBytes),
    ...(walkBytes === undefined
      ? {}
      : { walk: { x: recordOf(walkBytes.x), predicted: recordOf(walkBytes.predicted) } }),
  };
  await commitFolder(folder, {
    [files.images]: imageBytes,
    ...(walkBytes === undefined ? {} : { [files.x]: walkBytes.x, [files.predicted]: walkBytes.predicted }),
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
  const read = async (name: keyof typeof files, file: z.output<typeof fileRecordSchema>) => {
    const path = join(folder, files[name]);
    return readNpy(await readRecorded(path, file), path) as NpyArray<Uint8Array>;
  };
  const { images, walk } = record;
  return {
    record,
    images: await read('images', images),
    walk:
      walk === undefined
        ? undefined
        : { x: await read('x', walk.x), predicted: await read('predicted', walk.predicted) },
  };
}
