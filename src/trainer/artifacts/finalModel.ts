import { join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { modelSchema } from '../../api/spec/model.ts';
import { trainingSchema } from '../../api/spec/training.ts';
import { latentStateSchema, type TrainTask } from '../../api/task.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { splitWeights } from '../model/parameters.ts';
import { type LossPoint, lossPointSchema } from './checkpoint.ts';
import { commitFolder, fileRecordSchema, readJson, readRecorded, recordOf, toJson } from './commit.ts';

export const weightsFile = 'weights.safetensors';

/** What is known of a trained model. */
export const finalRecordSchema = z.object({
  hash: z.string(),
  index: z.int(),
  states: z.array(latentStateSchema),
  timesteps: z.int(),
  image: z.object({ size: z.int(), channels: z.union([z.literal(1), z.literal(3)]) }),
  model: modelSchema,
  training: trainingSchema,
  /** sha256 over the images that were learned from. */
  dataset: z.object({ count: z.int(), sha256: z.string() }),
  images: z.int(),
  seconds: z.number(),
  losses: z.array(lossPointSchema),
  weights: fileRecordSchema,
});

export type FinalRecord = z.output<typeof finalRecordSchema>;

export interface TrainedModel {
  task: TrainTask;
  parameters: readonly ParameterSpec[];
  /** The averaged weights, which are those that are sampled with. */
  average: Float32Array;
  dataset: { count: number; sha256: string };
  images: number;
  seconds: number;
  losses: LossPoint[];
}

/** Commits a trained model. The digest of its weights is a function of spec, seed and thread count on one machine. */
export async function saveFinal(folder: string, trained: TrainedModel): Promise<FinalRecord> {
  const { task, parameters, average, dataset, images, seconds, losses } = trained;
  const tensors = new Map(
    splitWeights(parameters, average).map(({ name, shape, values }) => [name, { shape, values }]),
  );
  const bytes = writeSafetensors({ tensors, metadata: { model: task.hash } });
  const record: FinalRecord = {
    hash: task.hash,
    index: task.index,
    states: task.states,
    timesteps: task.timesteps,
    image: task.dataset.image,
    model: task.model,
    training: task.training,
    dataset,
    images,
    seconds,
    losses,
    weights: recordOf(bytes),
  };
  await commitFolder(folder, { [weightsFile]: bytes, 'model.json': toJson(record) });
  return record;
}

/**
 * Reads a trained model and checks its weights against their digest.
 * @returns undefined where there is none
 * @throws DdrError DigestMismatch
 */
export async function loadFinal(
  folder: string,
  hash: string,
): Promise<{ record: FinalRecord; bytes: Uint8Array } | undefined> {
  const record = await readJson(join(folder, 'model.json'), finalRecordSchema);
  if (record === undefined) return undefined;
  if (record.hash !== hash)
    throw new DdrError('DigestMismatch', `belongs to model ${record.hash}, not ${hash}`, { where: folder });
  return { record, bytes: await readRecorded(join(folder, weightsFile), record.weights) };
}
