import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import { type ImageShape, imageShapeSchema } from '../../api/spec/dataset.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';
import type { Labels } from '../data/labels.ts';
import type { Moments } from '../data/moments.ts';
import { npyHeader } from '../formats/npy.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import {
  type ContextsContent,
  type ContextsRecord,
  conditionFiles,
  contextsFile,
  contextsRecordSchema,
  digestedConditions,
  labelsContent,
  labelsRecordSchema,
  openConditions,
} from './conditions.ts';
import { type FileRecord, fileRecordSchema, readJson, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

const files = { images: 'images.npy', moments: 'moments.safetensors', record: 'dataset.json' } as const;

/** Which images something was made from. */
export const datasetReferenceSchema = z.object({
  /** Of the prepared dataset: the first digits of its digest. */
  address: z.string(),
  count: z.int().min(1),
  /** Over shape and pixels, and over labels and contexts where there are some. */
  sha256: z.string(),
});
export type DatasetReference = z.output<typeof datasetReferenceSchema>;

/** dataset.json: a prepared dataset, which is read by position. */
const datasetRecordSchema = z.object({
  format: z.literal(1),
  shape: imageShapeSchema,
  count: z.int().min(1),
  /** Over shape and pixels, see {@link startDigest}, and over the conditions where there are some. */
  sha256: z.string(),
  images: fileRecordSchema.extend({
    file: z.literal(files.images),
    /** Bytes before the first pixel. */
    offset: z.int().min(0),
  }),
  /** Mean and deviation per pixel, as a network sees it. */
  moments: fileRecordSchema.extend({ file: z.literal(files.moments) }),
  /** What the images are told apart by, in their order. */
  labels: labelsRecordSchema.optional(),
  contexts: contextsRecordSchema.optional(),
});
export type DatasetRecord = z.output<typeof datasetRecordSchema>;

/** A hash that knows how many images of which shape come; all pixels, in their order, are to follow. */
export const startDigest = (count: number, { size, channels }: ImageShape): Hash =>
  createHash('sha256').update(`${count}×${size}×${size}×${channels}\n`);

/** Address of the dataset with a digest. */
export const datasetAddress = (sha256: string): string => sha256.slice(0, 16);

const arrayShape = (count: number, { size, channels }: ImageShape) => [count, size, size, channels];

/** Bytes that are written at once: each write of a few would cost as much. */
const pieceBytes = 2 ** 20;

/** The same bytes in larger pieces. */
async function* joined(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let [waiting, length]: [Uint8Array[], number] = [[], 0];
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < pieceBytes) continue;
    yield Buffer.concat(waiting);
    [waiting, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** A dataset on its way into a store: how many images of which shape come, and all their pixels in pieces of any size. */
export interface DatasetContent {
  count: number;
  shape: ImageShape;
  pixels: AsyncIterable<Uint8Array>;
  /** Asked once all pixels have come. */
  moments: () => Moments;
  labels?: (() => Labels) | undefined;
  contexts?: ContextsContent | undefined;
}

/** Digest of a dataset: that of its pixels, where it has nothing else. */
const digestOf = (pixels: string, conditions: string): string =>
  conditions === '' ? pixels : createHash('sha256').update(`${pixels}\n${conditions}`).digest('hex');

function momentsFile({ mean, deviation }: Moments, { size, channels }: ImageShape): Uint8Array {
  const shape = [size, size, channels];
  const tensors = new Map([
    ['mean', { shape, values: mean }],
    ['deviation', { shape, values: deviation }],
  ]);
  return writeSafetensors({ tensors, metadata: {} });
}

/**
 * Streams a dataset into a store, under the address of its digest, which is known once the last pixel has come. Equal data
 * that are there already stay.
 * @param writer names what is being written until then, so that what a killed attempt left of it can be removed
 * @throws DdrError DataChanged where other than the promised number of pixels come
 */
export async function saveDataset(
  store: ArtifactStore,
  { count, shape, pixels, moments, labels, contexts }: DatasetContent,
  writer: string,
): Promise<DatasetReference> {
  const header = npyHeader({ descr: '|u1', shape: arrayShape(count, shape) });
  const bytes = header.length + count * bytesPerImage(shape);
  const [pixelHash, fileHash] = [startDigest(count, shape), createHash('sha256').update(header)];
  let digest = '';
  let momentsRecord: FileRecord | undefined;
  let contextsRecord: ContextsRecord | undefined;
  let classes: ReturnType<typeof labelsContent> | undefined;

  async function* images(): AsyncGenerator<Uint8Array> {
    let written = header.length;
    yield header;
    for await (const piece of joined(pixels)) {
      for (const hash of [pixelHash, fileHash]) hash.update(piece);
      written += piece.length;
      yield piece;
    }
    if (written !== bytes) throw new DdrError('DataChanged', 'the images have changed while they were read');
    digest = pixelHash.digest('hex');
  }
  async function* momentsOf(): AsyncGenerator<Uint8Array> {
    const file = momentsFile(moments(), shape);
    momentsRecord = recordOf(file);
    yield file;
  }
  async function* labelsOf(given: () => Labels): AsyncGenerator<Uint8Array> {
    classes = labelsContent(given());
    yield classes.bytes;
  }
  async function* record(): AsyncGenerator<Uint8Array> {
    digest = digestOf(digest, digestedConditions(classes?.record, contextsRecord));
    const value = datasetRecordSchema.parse({
      format: 1,
      shape,
      count,
      sha256: digest,
      images: { file: files.images, sha256: fileHash.digest('hex'), bytes, offset: header.length },
      moments: { file: files.moments, ...momentsRecord },
      labels: classes?.record,
      contexts: contextsRecord,
    });
    yield Buffer.from(toJson(value));
  }
  // In this order: each tells of the one before it.
  const content = {
    [files.images]: images(),
    [files.moments]: momentsOf(),
    ...(labels && { [conditionFiles.labels]: labelsOf(labels) }),
    ...(contexts && {
      [conditionFiles.contexts]: contextsFile(contexts, (written) => {
        contextsRecord = { file: conditionFiles.contexts, ...written };
      }),
    }),
    [files.record]: record(),
  };
  await store.commit(datasetKey(writer), content, undefined, () => datasetKey(datasetAddress(digest)));
  return { address: datasetAddress(digest), count, sha256: digest };
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

/** A prepared dataset that has been opened. */
export type PreparedImages = ImageSource & { record: DatasetRecord };

/**
 * Opens a prepared dataset. Its images are read by position, so that neither time nor memory grow with their number; of
 * what they are, header and size are checked here, which costs nothing, and not the digest.
 * @throws DdrError InputMissing where there is none, DataChanged where it is not what the address says
 */
export async function openDataset(store: ArtifactStore, address: string): Promise<PreparedImages> {
  const record = await loadDatasetRecord(store, address);
  const { shape, count, images } = record;
  const key = `${datasetKey(address)}/${images.file}`;
  const size = bytesPerImage(shape);
  const changed = (cause: unknown): never => {
    const error = toDdrError(cause);
    if (!['InputTruncated', 'InputMissing', 'DigestMismatch'].includes(error.code)) throw error;
    throw new DdrError('DataChanged', `the prepared images are damaged: the file ${error.message}`, {
      where: error.where ?? store.describe(key),
      hint: makePreparedAnew,
      cause: error,
    });
  };
  const batch = (first: number, many: number) =>
    store.readRange(key, images.offset + first * size, many * size).catch(changed);
  const header = await store.readRange(key, 0, images.offset).catch(changed);
  if (!Buffer.from(npyHeader({ descr: '|u1', shape: arrayShape(count, shape) })).equals(header))
    changed(new DdrError('InputTruncated', 'has another header than its record says'));
  await batch(count - 1, 1);
  const condition = await openConditions(store, datasetKey(address), record).catch(changed);
  await condition?.(count - 1).catch(changed);
  return { count, shape, digest: record.sha256, batch, record, ...(condition && { condition }) };
}
