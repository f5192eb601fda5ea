import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import { type ImageShape, imageShapeSchema } from '../../api/spec/dataset.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';
import { bytesPerLatent } from '../data/latents.ts';
import { npyHeader } from '../formats/npy.ts';
import { asDamage, type Entries, makePreparedAnew, openArray } from './arrays.ts';
import { contextsRecordSchema, labelsRecordSchema, openConditions } from './conditions.ts';
import { indexAddress, indexRecordSchema } from './imageIndex.ts';
import { type LatentsRecord, latentsHeader, latentsRecordSchema } from './latents.ts';
import { openIndex, type Streaming } from './openIndex.ts';
import { fileRecordSchema, readJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

export const datasetFiles = { images: 'images.npy', moments: 'moments.safetensors', record: 'dataset.json' } as const;

/** Which images something was made from. */
export const datasetReferenceSchema = z.object({
  /** Of the prepared dataset, see {@link datasetAddress}. */
  address: z.string(),
  count: z.int().min(1),
  /** Over shape and pixels, and over latents, labels and contexts where there are some. */
  sha256: z.string(),
});
export type DatasetReference = z.output<typeof datasetReferenceSchema>;

/** dataset.json: a prepared dataset, which is read by position. */
export const datasetRecordSchema = z.object({
  format: z.literal(1),
  shape: imageShapeSchema,
  count: z.int().min(1),
  /** Over shape and pixels, see {@link startDigest}; over the latents where there are some; and then over the conditions. */
  sha256: z.string(),
  /** None where the source was of latents, and where the images stay in it. */
  images: fileRecordSchema
    .extend({
      file: z.literal(datasetFiles.images),
      /** Bytes before the first pixel. */
      offset: z.int().min(0),
    })
    .optional(),
  /** Where the images are, where they stay in the source. */
  index: indexRecordSchema.optional(),
  /** What networks learn from instead of the images. */
  latents: latentsRecordSchema.optional(),
  /** Mean and deviation per value, as a network sees it. */
  moments: fileRecordSchema.extend({ file: z.literal(datasetFiles.moments) }),
  /** What the images are told apart by, in their order. */
  labels: labelsRecordSchema.optional(),
  contexts: contextsRecordSchema.optional(),
});
export type DatasetRecord = z.output<typeof datasetRecordSchema>;

/** A hash that knows how many images of which shape come; all pixels, in their order, are to follow. */
export const startDigest = (count: number, { size, channels }: ImageShape): Hash =>
  createHash('sha256').update(`${count}×${size}×${size}×${channels}\n`);

/** What is learned from: the first digits of its digest. */
export const contentAddress = (sha256: string): string => sha256.slice(0, 16);

/**
 * Name of a dataset's folder: what is learned from, and where that is in the source also where in the source. One source may
 * have a copy and an index, and two sources the same images.
 */
export const datasetAddress = ({ sha256, index }: Pick<DatasetRecord, 'sha256' | 'index'>): string =>
  index === undefined ? contentAddress(sha256) : `${contentAddress(sha256)}-${indexAddress(index)}`;

export const imagesHeader = (count: number, { size, channels }: ImageShape): Uint8Array =>
  npyHeader({ descr: '|u1', shape: [count, size, size, channels] });

/**
 * The record of a prepared dataset.
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says
 */
export async function loadDatasetRecord(store: ArtifactStore, address: string): Promise<DatasetRecord> {
  const key = `${datasetKey(address)}/${datasetFiles.record}`;
  const where = store.describe(key);
  const record = await readJson(store, key, datasetRecordSchema).catch((thrown: unknown) => {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    throw new DdrError('DataChanged', error.message, { where, hint: makePreparedAnew, cause: error });
  });
  if (record === undefined)
    throw new DdrError('InputMissing', 'the prepared dataset is not there', { where, hint: makePreparedAnew });
  if (datasetAddress(record) !== address) {
    throw new DdrError('DataChanged', `holds the dataset ${datasetAddress(record)}, not ${address}`, {
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

/** Its images and latents, whichever it has. */
async function openArrays(store: ArtifactStore, folder: string, { shape, count, images, latents }: DatasetRecord) {
  const pictures =
    images &&
    (await openArray(store, `${folder}/${images.file}`, {
      count,
      bytes: bytesPerImage(shape),
      offset: images.offset,
      header: imagesHeader(count, shape),
    }));
  const learned =
    latents &&
    (await openArray(store, `${folder}/${latents.file}`, {
      count,
      bytes: bytesPerLatent(latents),
      offset: latents.offset,
      header: latentsHeader(count, latents),
    }));
  return { pictures, latents: learned && latents && { ...learned, description: latents } };
}

/**
 * Opens a prepared dataset. It is read by position, so that neither time nor memory grow with its size; of what it is,
 * headers and sizes are checked here, which costs nothing, and not the digest.
 * @param streaming where the images are, where it is an index of them
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says; its images, where it
 *   has latents only, InputMissing, and where it is an index what streaming them throws
 */
export async function openDataset(
  store: ArtifactStore,
  address: string,
  streaming?: Streaming,
): Promise<OpenedDataset> {
  const record = await loadDatasetRecord(store, address);
  const { shape, count } = record;
  const folder = datasetKey(address);
  const { pictures, latents } = await openArrays(store, folder, record);
  const damaged = asDamage(store.describe(folder));
  const condition = await openConditions(store, folder, record).catch(damaged);
  await condition?.(count - 1).catch(damaged);
  const none = async () => {
    throw new DdrError('InputMissing', 'the prepared dataset has latents only, and no images', {
      where: store.describe(folder),
    });
  };
  const streamed = record.index && (await openIndex(store, folder, count, record.index, streaming));
  const batch = pictures?.batch ?? streamed ?? none;
  return { count, shape, digest: record.sha256, batch, latents, record, ...(condition && { condition }) };
}
