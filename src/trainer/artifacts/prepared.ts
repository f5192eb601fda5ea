import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { keptExamples } from '../data/findings.ts';
import { datasetReferenceSchema } from './dataset.ts';
import { promptsFile, promptsRecordSchema } from './prompts.ts';
import { readJson, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

const sha256 = z.string();

/** prepared.json: which dataset a run's source has become, and what was found on the way. */
export const preparedRecordSchema = z.object({
  format: z.literal(1),
  hash: z.string(),
  dataset: datasetReferenceSchema,
  source: z.object({
    /** For people, such as data/mnist: claim and path. */
    where: z.string(),
    /** sha256 over paths, sizes and times of what was read. */
    fingerprint: sha256,
    /** Of the spec's dataset without its revision: equal where a source was read the same way. */
    reading: z.string(),
  }),
  /** Files that are no images. */
  leftOut: z.object({
    count: z.int().min(0),
    bySuffix: z.record(z.string(), z.int().min(1)),
    examples: z.array(z.string()).max(keptExamples),
  }),
  /** Images that could not be decoded and were left out. */
  broken: z.object({
    count: z.int().min(0),
    examples: z.array(z.object({ name: z.string(), message: z.string() })).max(keptExamples),
  }),
  /** What to know of the data, such as that images were not square. */
  notices: z.array(z.string()).max(keptExamples),
  /** sha256 of what the evaluation reads, where it reads a file. */
  reference: sha256.optional(),
  weights: sha256.optional(),
  /** Contexts that the samples are to be drawn to, beside the record. */
  prompts: promptsRecordSchema.optional(),
  /** The same of the codec, where it has files. */
  codec: sha256.optional(),
  /** The same of the weights that models begin from, where they do. */
  warmStart: sha256.optional(),
  /** Digest of the dataset that the same source was before, where it was another. */
  previous: sha256.optional(),
});
export type PreparedRecord = z.output<typeof preparedRecordSchema>;

export const preparedFile = 'prepared.json';

/** @param folder `prepared` of the run's keys. @param prompts the file that the record tells of, where it does */
export const savePrepared = (
  store: ArtifactStore,
  folder: string,
  record: PreparedRecord,
  prompts?: AsyncIterable<Uint8Array>,
): Promise<void> =>
  store.commit(folder, {
    ...(prompts && { [promptsFile]: prompts }),
    [preparedFile]: toJson(preparedRecordSchema.parse(record)),
  });

/**
 * @returns undefined where there is none
 * @throws DdrError DigestMismatch
 */
export async function loadPrepared(
  store: ArtifactStore,
  folder: string,
  hash: string,
): Promise<PreparedRecord | undefined> {
  const record = await readJson(store, `${folder}/${preparedFile}`, preparedRecordSchema);
  if (record !== undefined && record.hash !== hash) {
    throw new DdrError('DigestMismatch', `belongs to the prepared data ${record.hash}, not ${hash}`, {
      where: store.describe(folder),
    });
  }
  return record;
}
