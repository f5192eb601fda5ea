import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import { type ImageShape, imageShapeSchema, type NetworkShape } from '../../api/spec/dataset.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';
import { bytesPerLatent, type LatentsDescription, shapeOfLatents } from '../data/latents.ts';
import type { Moments } from '../data/moments.ts';
import { npyHeader } from '../formats/npy.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { arrayFile, type Entries, makePreparedAnew, openArray } from './arrays.ts';
import { digestWithLatents, type LatentsRecord, latentsFile, latentsHeader, latentsRecordSchema } from './latents.ts';
import { type FileRecord, fileRecordSchema, readJson, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

const files = { images: 'images.npy', moments: 'moments.safetensors', record: 'dataset.json' } as const;

/** Which images something was made from. */
export const datasetReferenceSchema = z.object({
  /** Of the prepared dataset: the first digits of its digest. */
  address: z.string(),
  count: z.int().min(1),
  /** Over shape and pixels, and latents where there are some. */
  sha256: z.string(),
});
export type DatasetReference = z.output<typeof datasetReferenceSchema>;

/** dataset.json: a prepared dataset, which is read by position. */
const datasetRecordSchema = z.object({
  format: z.literal(1),
  shape: imageShapeSchema,
  count: z.int().min(1),
  /** Over shape and pixels: see {@link startDigest}; with latents, over them too: see {@link digestWithLatents}. */
  sha256: z.string(),
  /** None where the source was of latents. */
  images: fileRecordSchema
    .extend({
      file: z.literal(files.images),
      /** Bytes before the first pixel. */
      offset: z.int().min(0),
    })
    .optional(),
  /** What networks learn from instead of the images. */
  latents: latentsRecordSchema.optional(),
  /** Mean and deviation per value, as a network sees it. */
  moments: fileRecordSchema.extend({ file: z.literal(files.moments) }),
});
export type DatasetRecord = z.output<typeof datasetRecordSchema>;

/** A hash that knows how many images of which shape come; all pixels, in their order, are to follow. */
export const startDigest = (count: number, { size, channels }: ImageShape): Hash =>
  createHash('sha256').update(`${count}×${size}×${size}×${channels}\n`);

/** Address of the dataset with a digest. */
export const datasetAddress = (sha256: string): string => sha256.slice(0, 16);

const arrayShape = (count: number, { size, channels }: ImageShape) => [count, size, size, channels];

/** A dataset on its way into a store: how many images of which shape come, and all their bytes in pieces of any size. */
export interface DatasetContent {
  count: number;
  shape: ImageShape;
  /** Left out where there are latents only. */
  pixels?: AsyncIterable<Uint8Array>;
  /** What networks learn from instead; they are asked for once all pixels have come. */
  latents?: { description: LatentsDescription; bytes: AsyncIterable<Uint8Array> };
  /** Asked last. */
  moments: () => Moments;
}

function momentsFile({ mean, deviation }: Moments, { size, channels }: NetworkShape): Uint8Array {
  const shape = [size, size, channels];
  const tensors = new Map([
    ['mean', { shape, values: mean }],
    ['deviation', { shape, values: deviation }],
  ]);
  return writeSafetensors({ tensors, metadata: {} });
}

/**
 * Streams a dataset into a store, under the address of its digest, which is known once all has come. Equal data that are
 * there already stay.
 * @param writer names what is being written until then, so that what a killed attempt left of it can be removed
 * @throws DdrError DataChanged where other than the promised number of images come
 */
export async function saveDataset(
  store: ArtifactStore,
  { count, shape, pixels, latents, moments }: DatasetContent,
  writer: string,
): Promise<DatasetReference> {
  const pixelHash = startDigest(count, shape);
  const header = npyHeader({ descr: '|u1', shape: arrayShape(count, shape) });
  const images = pixels && arrayFile(header, count * bytesPerImage(shape), pixels, (piece) => pixelHash.update(piece));
  const learned = latents && {
    ...arrayFile(
      latentsHeader(count, latents.description),
      count * bytesPerLatent(latents.description),
      latents.bytes,
      () => {},
    ),
    description: latents.description,
  };
  let digest = '';
  let momentsRecord: FileRecord | undefined;

  async function* momentsOf(): AsyncGenerator<Uint8Array> {
    const pixelDigest = pixelHash.digest('hex');
    digest =
      learned === undefined
        ? pixelDigest
        : digestWithLatents(pixelDigest, learned.description, learned.record().sha256);
    const file = momentsFile(moments(), learned === undefined ? shape : shapeOfLatents(learned.description));
    momentsRecord = recordOf(file);
    yield file;
  }
  async function* record(): AsyncGenerator<Uint8Array> {
    const value = datasetRecordSchema.parse({
      format: 1,
      shape,
      count,
      sha256: digest,
      images: images && { file: files.images, ...images.record() },
      latents: learned && { file: latentsFile, ...learned.description, ...learned.record() },
      moments: { file: files.moments, ...momentsRecord },
    });
    yield Buffer.from(toJson(value));
  }
  // In this order: each tells of the one before it.
  const content = {
    ...(images && { [files.images]: images.pieces }),
    ...(learned && { [latentsFile]: learned.pieces }),
    [files.moments]: momentsOf(),
    [files.record]: record(),
  };
  await store.commit(datasetKey(writer), content, undefined, () => datasetKey(datasetAddress(digest)));
  return { address: datasetAddress(digest), count, sha256: digest };
}

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

/** A prepared dataset that has been opened. */
export interface OpenedDataset extends ImageSource {
  record: DatasetRecord;
  /** What networks learn from, where it is not the images. */
  latents: (Entries & { description: LatentsRecord }) | undefined;
}

/**
 * Opens a prepared dataset. It is read by position, so that neither time nor memory grow with its size; of what it is,
 * headers and sizes are checked here, which costs nothing, and not the digest.
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says; its images, where it
 *   has latents only, InputMissing
 */
export async function openDataset(store: ArtifactStore, address: string): Promise<OpenedDataset> {
  const record = await loadDatasetRecord(store, address);
  const { shape, count, images, latents } = record;
  const folder = datasetKey(address);
  const pictures =
    images &&
    (await openArray(store, `${folder}/${images.file}`, {
      count,
      bytes: bytesPerImage(shape),
      offset: images.offset,
      header: npyHeader({ descr: '|u1', shape: arrayShape(count, shape) }),
    }));
  const learned =
    latents &&
    (await openArray(store, `${folder}/${latents.file}`, {
      count,
      bytes: bytesPerLatent(latents),
      offset: latents.offset,
      header: latentsHeader(count, latents),
    }));
  const none = async () => {
    throw new DdrError('InputMissing', 'the prepared dataset has latents only, and no images', {
      where: store.describe(folder),
    });
  };
  return {
    count,
    shape,
    digest: record.sha256,
    batch: pictures?.batch ?? none,
    latents: learned && latents && { ...learned, description: latents },
    record,
  };
}
