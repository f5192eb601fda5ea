import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { type ImageShape, imageShapeSchema } from '../../api/spec/dataset.ts';
import { modelSchema } from '../../api/spec/model.ts';
import { trainingSchema } from '../../api/spec/training.ts';
import type { TrainTask } from '../../api/task.ts';
import { statesOfModel } from '../../diffusion/latentStates.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { type LossPoint, lossPointSchema } from './checkpoint.ts';
import { type DatasetReference, datasetReferenceSchema } from './dataset.ts';
import { latentStateSchema, scheduleRecordSchema } from './latentState.ts';
import { type FileRecord, fileRecordSchema, readJson, toJson, verifyRecorded } from './records.ts';
import type { ArtifactStore, Content } from './store.ts';
import { tensorContent } from './tensorFile.ts';

/** File of an average, counted as training.ema has their half-lives; 0 is that of halfLifeImages. */
export const weightsFile = (average: number): string =>
  average === 0 ? 'weights.safetensors' : `weights-${average}.safetensors`;
export const recordFile = 'model.json';

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
  /** Of the averages of training.ema.further. */
  further: z.array(fileRecordSchema).optional(),
});

export type FinalRecord = z.output<typeof finalRecordSchema>;

export interface TrainedModel {
  task: TrainTask;
  parameters: readonly ParameterSpec[];
  /** The averaged weights of each half-life: all values of the parameters in their order, in pieces of any length. */
  averages: readonly Iterable<Float32Array>[];
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
  const { task, parameters, averages, image, dataset, images, seconds, device, losses } = trained;
  const { family, alphas, timesteps } = task.schedule;
  const written = averages.map((pieces) => tensorContent(parameters, pieces));
  const recordOf = (): FinalRecord => {
    const [weights, ...further] = written.map(({ record }) => record()) as [FileRecord, ...FileRecord[]];
    return {
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
      weights,
      ...(further.length === 0 ? {} : { further }),
    };
  };
  async function* record(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(toJson(recordOf()));
  }
  const files = written.map(({ content }, i): [string, Content] => [weightsFile(i), content]);
  await store.commit(folder, { ...Object.fromEntries(files), [recordFile]: record() });
  return recordOf();
}

/** What is known of a trained model, without its weights. @param folder `final` of the model's keys */
export const loadFinalRecord = (store: ArtifactStore, folder: string): Promise<FinalRecord | undefined> =>
  readJson(store, `${folder}/${recordFile}`, finalRecordSchema);

/** Files of a trained model's averages, with their records. */
export const finalFiles = ({ weights, further = [] }: FinalRecord): { name: string; file: FileRecord }[] =>
  [weights, ...further].map((file, average) => ({ name: weightsFile(average), file }));

/**
 * Reads what is known of a trained model and checks its weights against their digests.
 * @returns undefined where there is none
 * @throws DdrError DigestMismatch
 */
export async function loadFinal(store: ArtifactStore, folder: string, hash: string): Promise<FinalRecord | undefined> {
  const record = await loadFinalRecord(store, folder);
  if (record === undefined) return undefined;
  if (record.hash !== hash) {
    throw new DdrError('DigestMismatch', `belongs to model ${record.hash}, not ${hash}`, {
      where: store.describe(folder),
    });
  }
  for (const { name, file } of finalFiles(record)) await verifyRecorded(store, `${folder}/${name}`, file);
  return record;
}
