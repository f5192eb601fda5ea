import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import { type ImageShape, imageShapeSchema } from '../../api/spec/dataset.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';
import { npyHeader } from '../formats/npy.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { fileRecordSchema, readJson, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

const files = { images: 'images.npy', moments: 'moments.safetensors', record: 'dataset.json' } as const;

/** Which images something was made from. */
export const datasetReferenceSchema = z.object({
  /** Of the prepared dataset: the first digits of its digest. */
  address: z.string(),
  count: z.int().min(1),
  /** Over shape and pixels. */
  sha256: z.string(),
});
export type DatasetReference = z.output<typeof datasetReferenceSchema>;

/** dataset.json: a prepared dataset, which is read by position. */
export const datasetRecordSchema = z.object({
  format: z.literal(1),
  shape: imageShapeSchema,
  count: z.int().min(1),
  /** Over shape and pixels: see {@link startDigest}. */
  sha256: z.string(),
  images: fileRecordSchema.extend({
    file: z.literal(files.images),
    /** Bytes before the first pixel. */
    offset: z.int().min(0),
  }),
  /** Mean and deviation per pixel, as a network sees it. */
  moments: fileRecordSchema.extend({ file: z.literal(files.moments) }),
});
export type DatasetRecord = z.output<typeof datasetRecordSchema>;

/** Mean and standard deviation per pixel, [H, W, C], as a network sees it. */
export interface Moments {
  mean: Float32Array;
  deviation: Float32Array;
}

/** A hash that knows how many images of which shape come; all pixels, in their order, are to follow. */
export const startDigest = (count: number, { size, channels }: ImageShape): Hash =>
  createHash('sha256').update(`${count}×${size}×${size}×${channels}\n`);

/** Address of the dataset with a digest. */
export const datasetAddress = (sha256: string): string => sha256.slice(0, 16);

/** Images that are copied at once. */
const imagesPerPiece = 256;

const arrayShape = (count: number, { size, channels }: ImageShape) => [count, size, size, channels];

/**
 * Commits a prepared dataset under the address of its digest. Equal data that are there already stay.
 * @param onPiece told of the images written so far; may throw to stop
 * @returns the address
 * @throws DdrError DataChanged where the source no longer gives what its digest says
 */
export async function saveDataset(
  store: ArtifactStore,
  source: ImageSource,
  { mean, deviation }: Moments,
  onPiece: (images: number) => Promise<void> = async () => {},
): Promise<string> {
  const { count, shape } = source;
  const address = datasetAddress(source.digest);
  const header = npyHeader('|u1', arrayShape(count, shape));
  const [pixelHash, fileHash] = [startDigest(count, shape), createHash('sha256')];

  async function* images(): AsyncGenerator<Uint8Array> {
    fileHash.update(header);
    yield header;
    for (let first = 0; first < count; first += imagesPerPiece) {
      const pixels = await source.batch(first, Math.min(imagesPerPiece, count - first));
      for (const hash of [pixelHash, fileHash]) hash.update(pixels);
      yield pixels;
      await onPiece(Math.min(count, first + imagesPerPiece));
    }
    if (pixelHash.digest('hex') !== source.digest)
      throw new DdrError('DataChanged', 'the images have changed while they were read');
  }

  const momentsShape = arrayShape(count, shape).slice(1);
  const moments = writeSafetensors({
    tensors: new Map([
      ['mean', { shape: momentsShape, values: mean }],
      ['deviation', { shape: momentsShape, values: deviation }],
    ]),
    metadata: {},
  });
  /** Written last, when the digest of the images is known. */
  async function* record(): AsyncGenerator<Uint8Array> {
    const bytes = header.length + count * bytesPerImage(shape);
    const value: DatasetRecord = {
      format: 1,
      shape,
      count,
      sha256: source.digest,
      images: { file: files.images, sha256: fileHash.digest('hex'), bytes, offset: header.length },
      moments: { file: files.moments, ...recordOf(moments) },
    };
    yield Buffer.from(toJson(value));
  }
  await store.commit(datasetKey(address), {
    [files.images]: images(),
    [files.moments]: moments,
    [files.record]: record(),
  });
  return address;
}

const makePreparedAnew = 'Set dataset.revision to another text: the data are then prepared anew.';

/**
 * The record of a prepared dataset.
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says
 */
export async function loadDatasetRecord(store: ArtifactStore, address: string): Promise<DatasetRecord> {
  const key = `${datasetKey(address)}/${files.record}`;
  const where = store.describe(key);
  const record = await readJson(store, key, datasetRecordSchema).catch((thrown: unknown) => {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    throw new DdrError('DataChanged', error.message, { where, hint: makePreparedAnew, cause: error });
  });
  if (record === undefined)
    throw new DdrError('InputMissing', 'the prepared dataset is not there', { where, hint: makePreparedAnew });
  if (datasetAddress(record.sha256) !== address) {
    throw new DdrError('DataChanged', `holds the dataset ${datasetAddress(record.sha256)}, not ${address}`, {
      where,
      hint: makePreparedAnew,
    });
  }
  return record;
}

/**
 * Opens a prepared dataset. Its images are read by position, so that neither time nor memory grow with their number; of
 * what they are, header and size are checked here, which costs nothing, and not the digest.
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says
 */
export async function openDataset(
  store: ArtifactStore,
  address: string,
): Promise<ImageSource & { record: DatasetRecord }> {
  const record = await loadDatasetRecord(store, address);
  const { shape, count, images } = record;
  const key = `${datasetKey(address)}/${images.file}`;
  const size = bytesPerImage(shape);
  const changed = (cause: unknown): never => {
    const error = toDdrError(cause);
    if (error.code !== 'InputTruncated' && error.code !== 'InputMissing') throw error;
    throw new DdrError('DataChanged', `the prepared images are damaged: the file ${error.message}`, {
      where: store.describe(key),
      hint: makePreparedAnew,
      cause: error,
    });
  };
  const batch = (first: number, many: number) =>
    store.readRange(key, images.offset + first * size, many * size).catch(changed);
  const header = await store.readRange(key, 0, images.offset).catch(changed);
  if (!Buffer.from(npyHeader('|u1', arrayShape(count, shape))).equals(header))
    changed(new DdrError('InputTruncated', 'has another header than its record says'));
  await batch(count - 1, 1);
  return { count, shape, digest: record.sha256, batch, record };
}
