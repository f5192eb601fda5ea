import { isDeepStrictEqual } from 'node:util';
import { compact } from '../../api/compact.ts';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey, modelFileName, runLayout } from '../../api/layout.ts';
import type { AggregateTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { type LatentState, statesOfModel } from '../../diffusion/latentStates.ts';
import { areWhole, bundleFormat, filesOf, type Manifest, manifestFile, openBundle } from '../artifacts/bundle.ts';
import { conditionsRecordOf } from '../artifacts/conditions.ts';
import { contentAddress, type DatasetRecord, loadDatasetRecord } from '../artifacts/dataset.ts';
import { type FinalRecord, loadFinal, weightsFile } from '../artifacts/finalModel.ts';
import { loadOrName, makeAnew, toJson } from '../artifacts/records.ts';
import type { Content } from '../artifacts/store.ts';
import { stillStarting, stopIfAsked, type TrainerContext } from '../context/context.ts';
import { latentScaleSchema } from '../data/latents.ts';
import { awaitModels, isAwaited } from './awaitModels.ts';

const stopped = 'stopped; the models are kept, and the bundle is made anew';

/** A model that is there and whole. @throws DdrError ModelMissing, DigestMismatch naming it */
async function loadModel(task: AggregateTask, index: number, hash: string, context: TrainerContext) {
  const { store } = context;
  const { final } = runLayout(task.directory).model(hash);
  const name = `model ${index}`;
  const maker = isAwaited(task, index) ? `${name} on the cluster that trains it` : name;
  const trained = await loadOrName(name, maker, () => loadFinal(store, final, hash));
  if (trained === undefined) {
    throw new DdrError('ModelMissing', `${name} has no trained weights in the store`, {
      where: store.describe(final),
      hint: makeAnew(maker),
    });
  }
  return { record: trained, where: store.describe(final) };
}

/** Whether models fit one another and the dataset. @throws DdrError DataChanged, InputMismatch naming the model */
function checkFit(
  index: number,
  { index: trainedAs, dataset, image, schedule }: FinalRecord,
  data: DatasetRecord,
  first: FinalRecord,
  where: string,
): void {
  if (dataset.sha256 !== data.sha256) {
    throw new DdrError('DataChanged', `model ${index} has learned from the dataset ${dataset.address}, not this one`, {
      where,
      hint: makeAnew(`model ${index}`),
    });
  }
  if (!isDeepStrictEqual([trainedAs, image, schedule], [index, data.shape, first.schedule])) {
    throw new DdrError(
      'InputMismatch',
      `model ${index} was trained for another place, other images or another schedule`,
      { where },
    );
  }
}

/** What the manifest says of a model's further averages, where it has any. */
const furtherOf = (index: number, { further, training }: FinalRecord) =>
  further?.map((file, i) => ({
    file: modelFileName(index, i + 1),
    halfLifeImages: training.ema.further[i] as number,
    ...file,
  }));

/** States of the models that are left out; undefined where none is. @throws DdrError InvalidTask where the schedule does not say */
function missingStates({ models, schedule }: AggregateTask): LatentState[] | undefined {
  const holes = models.flatMap((hash, index) => (hash === null ? index : []));
  if (holes.length === 0) return undefined;
  const states = holes.map((index) => (schedule === undefined ? [] : statesOfModel(schedule, index)));
  if (states.some(({ length }) => length === 0))
    throw new DdrError('InvalidTask', 'the schedule does not say which states the models have that are left out');
  return states.flat();
}

/** The manifest of the trained models, each of which is read and checked. */
async function describeBundle(task: AggregateTask, context: TrainerContext): Promise<Manifest> {
  const data = await loadDatasetRecord(context.store, task.dataset);
  const models: Manifest['models'] = [];
  let first: FinalRecord | undefined;
  for (const [index, hash] of task.models.entries()) {
    if (hash === null) continue;
    const { record, where } = await loadModel(task, index, hash, context);
    first ??= record;
    checkFit(index, record, data, first, where);
    const { states, model, training, images, losses, weights } = record;
    const loss = losses.at(-1)?.loss ?? null;
    const file = modelFileName(index);
    const further = furtherOf(index, record);
    models.push({
      ...{ index, hash, states, model, prediction: training.prediction, file, images, loss, ...weights },
      ...(further === undefined ? {} : { further }),
    });
    context.progress({ phase: 'Running', done: index + 1, total: task.models.length });
    await stopIfAsked(context, stopped);
  }
  const missing = missingStates(task);
  if (first === undefined || !areWhole({ models, missing }))
    throw new DdrError('InputMismatch', 'the models do not cover each latent state once, in their order');
  return {
    format: bundleFormat,
    hash: task.hash,
    image: data.shape,
    ...(data.latents && { latents: latentScaleSchema.parse(data.latents) }),
    schedule: first.schedule,
    dataset: { address: contentAddress(data.sha256), count: data.count, sha256: data.sha256 },
    moments: data.moments,
    ...compact({ conditions: conditionsRecordOf(data) }),
    models,
    ...compact({ missing }),
  };
}

/** Builds the bundle's folder from the trained models. */
async function publish(task: AggregateTask, context: TrainerContext, target: string): Promise<void> {
  const layout = runLayout(task.directory);
  await stillStarting(context);
  await awaitModels(task, context);
  const manifest = await describeBundle(task, context);
  const files: Record<string, Content> = Object.fromEntries(
    manifest.models.flatMap(({ file, hash, further = [] }) =>
      [{ file }, ...further].map((each, average) => [
        each.file,
        { copyOf: `${layout.model(hash).final}/${weightsFile(average)}` },
      ]),
    ),
  );
  files[manifest.moments.file] = { copyOf: `${datasetKey(task.dataset)}/${manifest.moments.file}` };
  files[manifestFile] = toJson(manifest);
  await context.store.commit(target, files, () => saving(task, context));
}

/** Of many or large models, copying and reading back take longer than a process may be silent. */
async function saving(task: AggregateTask, context: TrainerContext): Promise<void> {
  context.progress({ phase: 'Saving', done: task.models.length, total: task.models.length });
  await stopIfAsked(context, stopped);
}

/** Reads a bundle back, every file of it. */
async function verify(task: AggregateTask, context: TrainerContext, target: string): Promise<string> {
  const bundle = await openBundle(context.store, target, task.hash);
  for (const file of filesOf(bundle.manifest)) {
    await bundle.open(file);
    await saving(task, context);
  }
  return bundle.digest;
}

/**
 * Verifies every model and publishes the bundle, once models of other clusters are there. A bundle that is there already is
 * verified, and made anew where it is damaged.
 * @throws DdrError ModelMissing, DigestMismatch, DataChanged, InputMismatch naming the model
 */
export async function runAggregate(task: AggregateTask, context: TrainerContext): Promise<TaskResult> {
  const { store, logger } = context;
  const target = runLayout(task.directory).bundle(task.hash);
  await store.removePartial({ folder: target });
  if (await store.exists(target)) {
    await verify(task, context, target).catch(async (thrown: unknown) => {
      const error = toDdrError(thrown);
      if (error.code === 'Interrupted' || error.code === 'FileAccess') throw error; // not the bundle's fault
      logger.warn({ path: store.describe(target), error: error.describe() }, 'the bundle is damaged and made anew');
      await store.quarantine(target);
    });
  }
  if (!(await store.exists(target))) await publish(task, context, target);
  const digest = await verify(task, context, target);
  const models = task.models.filter((hash) => hash !== null).length;
  logger.info({ path: target, digest, models }, 'bundle published');
  return { kind: 'aggregate', path: target, digest, models };
}
