import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import type { ImageSource } from '../data/imageSource.ts';
import { type NpyArray, readNpy, writeNpy } from '../formats/npy.ts';
import { type FileRecord, fileRecordSchema, readJson, readRecorded, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

/** Samples whose whole trajectory is kept, by the first shard. */
export const trajectorySamples = 8;

export const shardRecordSchema = z.object({
  hash: z.string(),
  shard: z.int(),
  first: z.int(),
  count: z.int(),
  seconds: z.number(),
  images: fileRecordSchema,
  /** How the first samples came about, by the first shard. */
  trajectory: z.object({ x: fileRecordSchema, predicted: fileRecordSchema }).optional(),
  /** Classes that the samples were drawn to show. */
  labels: fileRecordSchema.optional(),
});

export type ShardRecord = z.output<typeof shardRecordSchema>;

/** How a few samples came about. */
export interface Trajectory {
  /** x at the start and after every step, [S + 1, n, H, W, C]. */
  x: NpyArray<Uint8Array>;
  /** x̂0 that each state's model predicted, [S, n, H, W, C]. */
  predicted: NpyArray<Uint8Array>;
}

/** Samples as bytes, [N, H, W, C], and the trajectory of the first few. */
export interface ShardImages {
  images: NpyArray<Uint8Array>;
  trajectory?: Trajectory | undefined;
  /** The class that each sample was drawn to show, where the models know classes. */
  labels?: Int32Array | undefined;
}

export const shardFile = 'shard.json';

const files = { images: 'images.npy', x: 'trajectory.npy', predicted: 'predicted.npy', labels: 'labels.npy' } as const;

/** Every file of a shard but its record. */
export const filesOfShard = ({ images, trajectory, labels }: ShardRecord): (FileRecord & { name: string })[] => [
  { name: files.images, ...images },
  ...(trajectory === undefined
    ? []
    : [
        { name: files.x, ...trajectory.x },
        { name: files.predicted, ...trajectory.predicted },
      ]),
  ...(labels === undefined ? [] : [{ name: files.labels, ...labels }]),
];

/** Samples as what features are computed of. */
export function imagesOf({ shape, data }: NpyArray<Uint8Array>): Pick<ImageSource, 'count' | 'shape' | 'batch'> {
  const [count = 0, size = 0, , channels = 1] = shape;
  const bytes = size * size * channels;
  return {
    count,
    shape: { size, channels: channels === 1 ? 1 : 3 },
    batch: async (first, many) => data.subarray(first * bytes, (first + many) * bytes),
  };
}

/** The samples of shard `index`: contiguous, as even as can be. */
export function shardRange(index: number, shards: number, count: number): { first: number; count: number } {
  const first = Math.floor((index * count) / shards);
  return { first, count: Math.floor(((index + 1) * count) / shards) - first };
}

export async function saveShard(
  store: ArtifactStore,
  folder: string,
  record: Omit<ShardRecord, 'images' | 'trajectory' | 'labels'>,
  { images, trajectory, labels }: ShardImages,
): Promise<void> {
  const imageBytes = writeNpy(images);
  const frames = trajectory && { x: writeNpy(trajectory.x), predicted: writeNpy(trajectory.predicted) };
  const labelBytes = labels && writeNpy({ shape: [labels.length], data: labels });
  const complete: ShardRecord = {
    ...record,
    images: recordOf(imageBytes),
    ...(frames && { trajectory: { x: recordOf(frames.x), predicted: recordOf(frames.predicted) } }),
    ...(labelBytes && { labels: recordOf(labelBytes) }),
  };
  await store.commit(folder, {
    [files.images]: imageBytes,
    ...(frames && { [files.x]: frames.x, [files.predicted]: frames.predicted }),
    ...(labelBytes && { [files.labels]: labelBytes }),
    [shardFile]: toJson(complete),
  });
}

/**
 * Reads a shard and checks its digests.
 * @returns undefined where it is not there
 * @throws DdrError DigestMismatch
 */
export async function loadShard(
  store: ArtifactStore,
  folder: string,
  hash: string,
): Promise<(ShardImages & { record: ShardRecord }) | undefined> {
  const record = await readJson(store, `${folder}/${shardFile}`, shardRecordSchema);
  if (record === undefined) return undefined;
  if (record.hash !== hash) {
    throw new DdrError('DigestMismatch', `holds samples ${record.hash}, not ${hash}`, {
      where: store.describe(folder),
    });
  }
  const read = async (name: keyof typeof files, file: FileRecord) => {
    const key = `${folder}/${files[name]}`;
    return readNpy(await readRecorded(store, key, file), store.describe(key)) as NpyArray<Uint8Array>;
  };
  const { images, trajectory, labels } = record;
  return {
    record,
    images: await read('images', images),
    trajectory: trajectory && {
      x: await read('x', trajectory.x),
      predicted: await read('predicted', trajectory.predicted),
    },
    ...(labels && { labels: Int32Array.from((await read('labels', labels)).data) }),
  };
}
