import { join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import type { Dataset } from '../../src/api/spec/dataset.ts';
import { normals, streams } from '../../src/diffusion/random.ts';
import { openDataset } from '../../src/trainer/artifacts/dataset.ts';
import type { ArtifactStore } from '../../src/trainer/artifacts/store.ts';
import { noFindings } from '../../src/trainer/data/findings.ts';
import { openShards } from '../../src/trainer/data/shards/openShards.ts';
import { shardFormatOf } from '../../src/trainer/data/shards/shardFormats.ts';
import type { ImagePlace, SourceImage } from '../../src/trainer/data/source.ts';
import type { SourceFiles } from '../../src/trainer/data/sourceFiles.ts';
import { createImageReader } from '../../src/trainer/data/stream/imageReader.ts';
import { type IndexEntry, pixelsDigest } from '../../src/trainer/data/stream/indexEntry.ts';
import type { RangeCache } from '../../src/trainer/data/stream/rangeCache.ts';
import type { Streamed } from '../../src/trainer/data/stream/streamed.ts';
import { placeOf } from '../../src/trainer/prepare/source.ts';
import { writeDataset } from '../../src/trainer/prepare/writeDataset.ts';
import type { WrittenDataset } from '../../src/trainer/prepare/writing.ts';
import { datasetOf, volumeOf } from './data.ts';
import { trainerContext } from './trainer.ts';

/** A tar archive of files in their order. */
export async function tarOf(files: Record<string, Uint8Array | string>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, Buffer.from(content));
  archive.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of archive) pieces.push(piece as Uint8Array);
  return new Uint8Array(Buffer.concat(pieces));
}

const encodings = ['png', 'jpeg', 'webp'] as const;

/** A noisy picture, by its number: not square, of one of three encodings. */
export async function picture(number: number): Promise<{ suffix: string; bytes: Uint8Array }> {
  const [width, height] = [9 + (number % 5), 8 + (number % 3)];
  const noise = normals(5, streams.noise, number, width * height * 3);
  const pixels = Uint8Array.from(noise, (value) => Math.max(0, Math.min(255, 128 + 60 * value)));
  const encoding = encodings[number % encodings.length] as (typeof encodings)[number];
  const bytes = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(encoding)
    .toBuffer();
  return { suffix: encoding, bytes: new Uint8Array(bytes) };
}

/** A volume with tar shards of pictures below `shards`, each picture with its class of three. */
export async function shardVolume(t: TestContext, images: number, perShard = 4): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let first = 0; first < images; first += perShard) {
    const members: Record<string, Uint8Array | string> = {};
    for (let i = first; i < Math.min(images, first + perShard); i++) {
      const { suffix, bytes } = await picture(i);
      members[`${i}.${suffix}`] = bytes;
      members[`${i}.cls`] = String(i % 3);
    }
    files[`shards/part-${String(first).padStart(4, '0')}.tar`] = await tarOf(members);
  }
  return volumeOf(t, files);
}

/** A dataset's spec of those shards. */
export const shardsOf = (fields: object = {}): Dataset =>
  datasetOf('WebDataset', 'shards', { image: { size: 8, channels: 3 }, ...fields });

/** Prepares a dataset of a volume. */
export async function prepared(store: ArtifactStore, dataset: Dataset, volume: string): Promise<WrittenDataset> {
  const place = await placeOf(dataset, volume, []);
  const writing = { dataset, place, least: 1, writer: 'test', assertUnchanged: async () => {} };
  return writeDataset(writing, trainerContext(store));
}

/** Opens a prepared index, and streams from the volume. @param folder for a cache, where the dataset has one */
export const opened = (store: ArtifactStore, address: string, stream: Dataset, volume: string, folder?: string) =>
  openDataset(store, address, { dataset: stream, access: { volume }, cacheFolder: folder });

/** The images of shards, read as the thread that streams them does it; and what prepare saw of each. */
export async function readerOf(files: SourceFiles, dataset: Dataset, cache?: RangeCache) {
  const format = shardFormatOf(dataset);
  const source = await openShards(format, files, dataset, noFindings(), async () => {});
  const images: SourceImage[] = [];
  for await (const image of source.images(async () => {})) images.push(image);
  const entries = images.map(({ pixels, place }) => ({ ...(place as ImagePlace), digest: pixelsDigest(pixels) }));
  const { shards = [] } = source;
  const entryAt = (index: number) => entries[index] as IndexEntry;
  const streamed: Streamed = { dataset, format, files, shards, count: entries.length, entryAt, cache };
  const reader = createImageReader(streamed);
  const read = async (index: number) => new Uint8Array(await reader(index));
  return { streamed, read, expected: images.map(({ pixels }) => new Uint8Array(pixels)) };
}

/** Path of a shard of a volume. */
export const shardPath = (volume: string, first: number): string =>
  join(volume, `shards/part-${String(first).padStart(4, '0')}.tar`);
