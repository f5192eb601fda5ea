import { createHash } from 'node:crypto';
import { z } from 'zod';
import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import { type ContextType, contextTypes } from '../data/contexts.ts';
import type { ImageCondition } from '../data/imageSource.ts';
import type { Labels } from '../data/labels.ts';
import { bytesPerElement, numbersOf } from '../formats/elements.ts';
import { npyHeader, readNpy, writeNpy } from '../formats/npy.ts';
import type { Conditions } from '../model/conditioning.ts';
import { fileRecordSchema, readRecorded, recordOf } from './records.ts';
import type { ArtifactStore } from './store.ts';

/** What lies beside the images of a prepared dataset that has conditions. */
export const conditionFiles = { labels: 'labels.npy', contexts: 'contexts.npy' } as const;

/** Classes: how many, how many images each has, and their names where the source has some. */
export const classesSchema = z.object({
  classes: z.int().min(1),
  counts: z.array(z.int().min(0)),
  names: z.array(z.string()).optional(),
});
export type Classes = z.output<typeof classesSchema>;

export const contextShapeSchema = z.object({ tokens: z.int().min(1), width: z.int().min(1) });
export type ContextShape = z.output<typeof contextShapeSchema>;

export const labelsRecordSchema = fileRecordSchema.extend({
  file: z.literal(conditionFiles.labels),
  ...classesSchema.shape,
});
/** An .npy file of contexts. */
export const contextArraySchema = fileRecordSchema.extend({
  ...contextShapeSchema.shape,
  type: z.enum(contextTypes),
  /** Bytes before the first number. */
  offset: z.int().min(0),
});
export type ContextArray = z.output<typeof contextArraySchema>;

export const contextsRecordSchema = contextArraySchema.extend({ file: z.literal(conditionFiles.contexts) });
export type LabelsRecord = z.output<typeof labelsRecordSchema>;
export type ContextsRecord = z.output<typeof contextsRecordSchema>;

/** The conditions of a dataset's record. */
interface RecordedConditions {
  labels?: LabelsRecord | undefined;
  contexts?: ContextsRecord | undefined;
}

/** What of a prepared dataset makes its conditions; the whole of them as a bundle and a report say it. */
export const conditionsSchema = z.object({
  labels: classesSchema.optional(),
  contexts: contextShapeSchema.optional(),
});
export type ConditionsRecord = z.output<typeof conditionsSchema>;

/** The conditions of a dataset; undefined where it has none. */
export function conditionsRecordOf({ labels, contexts }: RecordedConditions): ConditionsRecord | undefined {
  if (labels === undefined && contexts === undefined) return undefined;
  return conditionsSchema.parse(compact({ labels, contexts }));
}

/** What those conditions offer to a network. */
export const conditionsOf = ({
  labels,
  contexts,
}: {
  labels?: Pick<Classes, 'classes'> | undefined;
  contexts?: ContextShape | undefined;
} = {}): Conditions =>
  compact({
    classes: labels?.classes,
    context: contexts && { tokens: contexts.tokens, width: contexts.width },
  });

/** Contexts on their way into a store, in pieces of any size. */
export interface ContextsContent extends ContextShape {
  type: ContextType;
  count: number;
  pieces: AsyncIterable<Uint8Array>;
}

/** How often each class comes. */
function countsOf({ classes, values }: Labels): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of values) counts[label] = (counts[label] as number) + 1;
  return counts;
}

/** Labels as a file with its record. */
export function labelsContent(labels: Labels): { bytes: Uint8Array; record: LabelsRecord } {
  const bytes = writeNpy({ shape: [labels.values.length], data: labels.values });
  const { classes, names } = labels;
  const own = compact({ classes, counts: countsOf(labels), names });
  return { bytes, record: { file: conditionFiles.labels, ...recordOf(bytes), ...own } };
}

/**
 * Streams contexts as an .npy file.
 * @param onEnd told the record of what was written
 * @throws DdrError DataChanged where other than the promised number of bytes come
 */
export async function* contextsFile(
  { count, tokens, width, type, pieces }: ContextsContent,
  onEnd: (record: ContextArray) => void,
): AsyncGenerator<Uint8Array> {
  const header = npyHeader({ descr: type === 'float16' ? '<f2' : '<f4', shape: [count, tokens, width] });
  const hash = createHash('sha256').update(header);
  let bytes = header.length;
  yield header;
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  if (bytes !== header.length + count * bytesPerContext({ tokens, width, type }))
    throw new DdrError('DataChanged', 'the contexts have changed while they were read');
  onEnd({ sha256: hash.digest('hex'), bytes, offset: header.length, tokens, width, type });
}

export const bytesPerContext = ({ tokens, width, type }: ContextShape & { type: ContextType }): number =>
  tokens * width * bytesPerElement(type);

/** What of conditions the digest of a dataset covers; empty where there are none. */
export function digestedConditions(labels: LabelsRecord | undefined, contexts: ContextsRecord | undefined): string {
  const classes = labels && `labels ${JSON.stringify([labels.classes, labels.names ?? null])} ${labels.sha256}\n`;
  return `${classes ?? ''}${contexts === undefined ? '' : `contexts ${contexts.sha256}\n`}`;
}

/** @throws DdrError DigestMismatch */
async function readLabelsFile(store: ArtifactStore, folder: string, record: LabelsRecord): Promise<Int32Array> {
  const key = `${folder}/${record.file}`;
  const { data } = readNpy(await readRecorded(store, key, record), store.describe(key));
  return Int32Array.from(data as Int32Array);
}

/**
 * Contexts of a file of the store, read by position.
 * @returns context `index` as numbers, tokens × width
 */
export function contextReader(
  store: ArtifactStore,
  key: string,
  { offset, type, tokens, width }: ContextArray,
): (index: number) => Promise<Float32Array> {
  const size = bytesPerContext({ tokens, width, type });
  return async (index) => numbersOf(type, await store.readRange(key, offset + index * size, size)) as Float32Array;
}

/**
 * Opens the conditions of a prepared dataset: labels are held in memory, contexts are read by position.
 * @returns those of image `index`; undefined where the dataset has none
 * @throws DdrError DigestMismatch, InputMissing, InputTruncated
 */
export async function openConditions(
  store: ArtifactStore,
  folder: string,
  { labels, contexts }: RecordedConditions,
): Promise<((index: number) => Promise<ImageCondition>) | undefined> {
  if (labels === undefined && contexts === undefined) return undefined;
  const values = labels && (await readLabelsFile(store, folder, labels));
  const read = contexts && contextReader(store, `${folder}/${contexts.file}`, contexts);
  return async (index) => compact({ label: values?.[index], context: await read?.(index) });
}
