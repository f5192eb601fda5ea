import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { type ImageShape, imageShapeSchema } from '../../api/spec/dataset.ts';
import { modelSchema } from '../../api/spec/model.ts';
import { trainingSchema } from '../../api/spec/training.ts';
import type { TrainTask } from '../../api/task.ts';
import { statesOfModel } from '../../diffusion/latentStates.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { splitWeights } from '../model/parameters.ts';
import { type LossPoint, lossPointSchema } from './checkpoint.ts';
import { type DatasetReference, datasetReferenceSchema } from './dataset.ts';
import { latentStateSchema, scheduleRecordSchema } from './latentState.ts';
import { fileRecordSchema, readJson, readRecorded, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

export const weightsFile = 'weights.safetensors';
const recordFile = 'model.json';

/** What is known of a trained model. */
const finalRecordSchema = z.object({
  format: z.literal(2),
  hash: z.string(),
  index: z.int(),
  states: z.array(latentStateSchema),
  schedule: scheduleRecordSchema,
  image: imageShapeSchema,
  model: modelSchema,
  training: trainingSchema,
  /** The images that were learned from. */
  dataset: datasetReferenceSchema,
  images: z.int(),
  seconds: z.number(),
  /** What the last attempt was computed on: "CPU", or the GPU's name. */
  device: z.string().optional(),
  losses: z.array(lossPointSchema),
  weights: fileRecordSchema,
});

export type FinalRecord = z.output<typeof finalRecordSchema>;

export interface TrainedModel {
  task: TrainTask;
  parameters: readonly ParameterSpec[];
  /** The averaged weights, which are those that are sampled with. */
  average: Float32Array;
  image: ImageShape;
  dataset: DatasetReference;
  images: number;
  seconds: number;
  device: string;
  losses: LossPoint[];
}

/**
 * Commits a trained model. The digest of its weights is a function of data, spec, seed and thread count on one machine.
 * @param folder `final` of the model's keys
 */
export async function saveFinal(store: ArtifactStore, folder: string, trained: TrainedModel): Promise<FinalRecord> {
  const { task, parameters, average, image, dataset, images, seconds, device, losses } = trained;
  const { family, alphas, timesteps } = task.schedule;
  const tensors = new Map(
    splitWeights(parameters, average).map(({ name, shape, values }) => [name, { shape, values }]),
  );
  const bytes = writeSafetensors({ tensors, metadata: {} });
  const record: FinalRecord = {
    format: 2,
    hash: task.hash,
    index: task.index,
    states: statesOfModel(task.schedule, task.index),
    schedule: { family, alphas, timesteps },
    image,
    model: task.model,
    training: task.training,
    dataset,
    images,
    seconds,
    device,
    losses,
    weights: recordOf(bytes),
  };
  await store.commit(folder, { [weightsFile]: bytes, [recordFile]: toJson(record) });
  return record;
}

/** What is known of a trained model, without its weights. @param folder `final` of the model's keys */
export const loadFinalRecord = (store: ArtifactStore, folder: string): Promise<FinalRecord | undefined> =>
  readJson(store, `${folder}/${recordFile}`, finalRecordSchema);

/**
 * Reads a trained model and checks its weights against their digest.
 * @returns undefined where there is none
 * @throws DdrError DigestMismatch
 */
export async function loadFinal(
  store: ArtifactStore,
  folder: string,
  hash: string,
): Promise<{ record: FinalRecord; bytes: Uint8Array } | undefined> {
  const record = await loadFinalRecord(store, folder);
  if (record === undefined) return undefined;
  if (record.hash !== hash) {
    throw new DdrError('DigestMismatch', `belongs to model ${record.hash}, not ${hash}`, {
      where: store.describe(folder),
    });
  }
  return { record, bytes: await readRecorded(store, `${folder}/${weightsFile}`, record.weights) };
}
