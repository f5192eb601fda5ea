import { z } from 'zod';
import { contentHash } from '../../api/hash.ts';
import type { ImagePlace } from '../data/source.ts';
import type { SourceFile } from '../data/sourceFiles.ts';
import { entryBytes, entryWords, pixelsDigest, writeEntry } from '../data/stream/indexEntry.ts';
import { npyHeader } from '../formats/npy.ts';
import { type ArrayFile, arrayFile } from './arrays.ts';
import { fileRecordSchema, parseJson, readRecorded, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

/** What lies in place of the images, where these stay where they are. */
export const indexFiles = { entries: 'index.npy', shards: 'shards.json' } as const;

/** Its part of dataset.json. */
export const indexRecordSchema = fileRecordSchema.extend({
  file: z.literal(indexFiles.entries),
  /** Bytes before the first entry. */
  offset: z.int().min(0),
  /** The files that entries are in. */
  shards: fileRecordSchema.extend({ file: z.literal(indexFiles.shards) }),
});
export type IndexRecord = z.output<typeof indexRecordSchema>;

/** shards.json: the files that the entries number, as they were when they were listed. */
const shardsSchema = z.object({
  format: z.literal(1),
  shards: z.array(z.object({ name: z.string(), size: z.int().min(0), version: z.string() })).min(1),
});

/** An image on its way into an index. */
export interface PlacedImage {
  pixels: Uint8Array;
  place: ImagePlace;
}

/** Images on their way into an index, in their order, and the files that they are in. */
export interface IndexContent {
  images: AsyncIterable<PlacedImage>;
  shards: readonly SourceFile[];
}

export const indexHeader = (count: number): Uint8Array => npyHeader({ descr: '<u4', shape: [count, entryWords] });

/** @param watch told the pixels of every image @throws DdrError DataChanged where other than the promised number come */
export function indexFile(count: number, { images }: IndexContent, watch: (pixels: Uint8Array) => void): ArrayFile {
  async function* entries(): AsyncGenerator<Uint8Array> {
    for await (const { pixels, place } of images) {
      watch(pixels);
      yield writeEntry({ ...place, digest: pixelsDigest(pixels) });
    }
  }
  return arrayFile(indexHeader(count), count * entryBytes, entries(), () => {});
}

export function shardsFile({ shards }: IndexContent): { bytes: Uint8Array; record: IndexRecord['shards'] } {
  const bytes = Buffer.from(toJson({ format: 1, shards }));
  return { bytes, record: { file: indexFiles.shards, ...recordOf(bytes) } };
}

/** @throws DdrError DigestMismatch */
export async function readShards(store: ArtifactStore, folder: string, { shards }: IndexRecord): Promise<SourceFile[]> {
  const key = `${folder}/${shards.file}`;
  return parseJson(await readRecorded(store, key, shards), shardsSchema, store.describe(key)).shards;
}

/** First digits of the digest of an index: of where the images are, not of what they are. */
export const indexAddress = (index: IndexRecord): string => contentHash(index);
