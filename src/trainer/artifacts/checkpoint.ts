import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toDdrError } from '../../api/errors.ts';
import { checkpointName } from '../../api/layout.ts';
import type { Values } from '../engine/program.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import {
  commitFolder,
  fileRecordSchema,
  namesIn,
  readJson,
  readRecorded,
  recordOf,
  setAside,
  toJson,
} from './commit.ts';

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
  state: Values;
}

/** Commits a checkpoint and deletes the oldest beyond `keep`. */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint, keep: number): Promise<void> {
  const { state, ...rest } = checkpoint;
  const tensors = new Map(Object.entries(state).map(([name, values]) => [name, { shape: [values.length], values }]));
  const bytes = writeSafetensors({ tensors, metadata: {} });
  const record: CheckpointRecord = { ...rest, state: recordOf(bytes) };
  await commitFolder(join(folder, checkpointName(checkpoint.images)), {
    'state.safetensors': bytes,
    'checkpoint.json': toJson(record),
  });
  const names = (await namesIn(folder)).filter((name) => /^\d{12}$/.test(name));
  for (const name of names.slice(0, Math.max(0, names.length - keep)))
    await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * The newest checkpoint whose digest holds. A damaged one is set aside under `damaged-…` and the one before it is taken:
 * losing some images is better than losing the model. One that cannot be read at the moment stays where it is.
 * @param onDamage told of each that was set aside
 * @throws DdrError FileAccess
 */
export async function loadNewestCheckpoint(
  folder: string,
  hash: string,
  onDamage: (path: string, error: Error) => void,
): Promise<Checkpoint | undefined> {
  const names = (await namesIn(folder)).filter((name) => /^\d{12}$/.test(name));
  for (const name of names.reverse()) {
    const path = join(folder, name);
    try {
      const record = await readJson(join(path, 'checkpoint.json'), recordSchema);
      if (record === undefined) throw new Error('checkpoint.json is not there');
      if (record.hash !== hash) throw new Error(`belongs to model ${record.hash}`);
      const bytes = await readRecorded(join(path, 'state.safetensors'), record.state);
      const { tensors } = readSafetensors(bytes, path);
      return { ...record, state: Object.fromEntries([...tensors].map(([tensor, { values }]) => [tensor, values])) };
    } catch (thrown) {
      const error = toDdrError(thrown);
      if (error.code === 'FileAccess') throw error;
      onDamage(path, error);
      await setAside(path);
    }
  }
  return undefined;
}
