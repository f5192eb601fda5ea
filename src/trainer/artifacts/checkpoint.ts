import { z } from 'zod';
import { toDdrError } from '../../api/errors.ts';
import { checkpointName } from '../../api/layout.ts';
import { fileRecordSchema, readJson, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';
import { openTensorFile, type TensorFile, tensorContent } from './tensorFile.ts';

/** A point of the loss curve: the mean loss of the steps since the point before. */
export const lossPointSchema = z.object({ images: z.int(), loss: z.number() });
export type LossPoint = z.output<typeof lossPointSchema>;

const recordSchema = z.object({
  /** Hash of the task, so that a checkpoint is never taken up by another model. */
  hash: z.string(),
  images: z.int().min(0),
  seconds: z.number().min(0),
  losses: z.array(lossPointSchema),
  /** Sum and count of the losses since the last point. */
  pending: z.object({ sum: z.number(), count: z.int() }),
  state: fileRecordSchema,
});

export type CheckpointRecord = z.output<typeof recordSchema>;

export interface Checkpoint extends Omit<CheckpointRecord, 'state'> {
  /** The state of training as vectors, which are read when they are needed; undefined where training has not begun. */
  state?: TensorFile;
}

/** A checkpoint to be: vectors of one length by name, and all their values in that order, in pieces of any length. */
export interface CheckpointContent extends Omit<CheckpointRecord, 'state'> {
  vectors: { names: readonly string[]; size: number };
  pieces: Iterable<Float32Array>;
}

const files = { state: 'state.safetensors', record: 'checkpoint.json' } as const;

const namesOf = async (store: ArtifactStore, folder: string) =>
  (await store.list(folder)).filter((name) => /^\d{12}$/.test(name));

/** Commits a checkpoint below a folder and deletes the oldest beyond `keep`. */
export async function saveCheckpoint(
  store: ArtifactStore,
  folder: string,
  { vectors, pieces, ...rest }: CheckpointContent,
  keep: number,
): Promise<void> {
  const state = tensorContent(
    vectors.names.map((name) => ({ name, shape: [vectors.size] })),
    pieces,
  );
  async function* record(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(toJson({ ...rest, state: state.record() } satisfies CheckpointRecord));
  }
  await store.commit(`${folder}/${checkpointName(rest.images)}`, {
    [files.state]: state.content,
    [files.record]: record(),
  });
  const names = await namesOf(store, folder);
  for (const name of names.slice(0, Math.max(0, names.length - keep))) await store.remove(`${folder}/${name}`);
}

async function loadCheckpoint(store: ArtifactStore, key: string, hash: string): Promise<Checkpoint> {
  const record = await readJson(store, `${key}/${files.record}`, recordSchema);
  if (record === undefined) throw new Error(`${files.record} is not there`);
  if (record.hash !== hash) throw new Error(`belongs to model ${record.hash}`);
  return { ...record, state: await openTensorFile(store, `${key}/${files.state}`, record.state) };
}

/**
 * The newest checkpoint whose digest holds. A damaged one is quarantined and the one before it is taken: losing some images
 * is better than losing the model. One that cannot be read at the moment stays where it is.
 * @param onDamage told of each that was quarantined
 * @throws DdrError FileAccess
 */
export async function loadNewestCheckpoint(
  store: ArtifactStore,
  folder: string,
  hash: string,
  onDamage: (path: string, error: Error) => void,
): Promise<Checkpoint | undefined> {
  for (const name of (await namesOf(store, folder)).reverse()) {
    const key = `${folder}/${name}`;
    try {
      return await loadCheckpoint(store, key, hash);
    } catch (thrown) {
      const error = toDdrError(thrown);
      if (error.code === 'FileAccess') throw error;
      onDamage(store.describe(key), error);
      await store.quarantine(key);
    }
  }
  return undefined;
}
