import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { ImageSource } from '../data/imageSource.ts';
import type { SourceFile } from '../data/sourceFiles.ts';
import { entryBytes } from '../data/stream/indexEntry.ts';
import { streamImages } from '../data/stream/streamedImages.ts';
import type { StreamPlan } from '../data/stream/streamPlan.ts';
import { asDamage, openArray } from './arrays.ts';
import { type IndexRecord, indexHeader, readShards } from './imageIndex.ts';
import type { ArtifactStore } from './store.ts';

/** Where the images of an index are read from, and what is kept of them. */
export type Streaming = Omit<StreamPlan, 'index'>;

/** Bytes of an index that are read at once. */
const pieceBytes = 2 ** 24;

/** The index on this machine, where it is looked into for every image. @throws DdrError DigestMismatch, InputMissing, InputTruncated */
async function copyOf(store: ArtifactStore, key: string, record: IndexRecord, folder: string): Promise<string> {
  const path = join(folder, `ddr-index-${randomUUID()}.npy`);
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for (let at = 0; at < record.bytes; at += pieceBytes) {
      const piece = await store.readRange(key, at, Math.min(pieceBytes, record.bytes - at));
      hash.update(piece);
      await file.write(piece);
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== record.sha256)
      throw new DdrError('DigestMismatch', `has sha256 ${sha256}, recorded was ${record.sha256}`, {
        where: store.describe(key),
      });
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Opens an index: its size and the list of its shards are checked. Images are streamed once they are asked for.
 * @throws DdrError DataChanged where it is not as its record says; once an image is asked for, InvalidTask where nothing says
 *   what to stream it from, and what streaming throws
 */
export async function openIndex(
  store: ArtifactStore,
  folder: string,
  count: number,
  record: IndexRecord,
  streaming: Streaming | undefined,
): Promise<ImageSource['batch']> {
  const key = `${folder}/${record.file}`;
  const damaged = asDamage(store.describe(folder));
  const { offset } = record;
  await openArray(store, key, { count, bytes: entryBytes, offset, header: indexHeader(count) });
  const shards: SourceFile[] = await readShards(store, folder, record).catch(damaged);

  async function start(): Promise<ImageSource['batch']> {
    if (streaming === undefined) {
      throw new DdrError('InvalidTask', 'the dataset is an index, and the task does not say where its images are', {
        where: store.describe(folder),
      });
    }
    const path = await copyOf(store, key, record, streaming.cacheFolder ?? tmpdir()).catch(damaged);
    return streamImages({ ...streaming, index: { path, offset, count, shards } });
  }
  let batch: Promise<ImageSource['batch']> | undefined;
  return async (first, size) => {
    batch ??= start();
    return (await batch)(first, size);
  };
}
