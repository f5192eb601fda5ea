import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { modelFileName, runLayout } from '../../api/layout.ts';
import type { AggregateTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { bundleFormat, type Manifest, openBundle } from '../artifacts/bundle.ts';
import {
  type Content,
  commitFolder,
  loadOrName,
  makeAnew,
  recordOf,
  removePartial,
  setAside,
  toJson,
} from '../artifacts/commit.ts';
import { loadFinal, weightsFile } from '../artifacts/finalModel.ts';
import { stillStarting, stopIfAsked, type TrainerContext } from '../context/context.ts';
import { datasetDigest, readDataset } from '../data/dataset.ts';
import { type ImageSet, toUnit } from '../data/images.ts';
import { writeSafetensors } from '../formats/safetensors.ts';

const changedData = 'the model has learned from other images than are there now';
const stopped = 'stopped; the models are kept, and the bundle is made anew';

/** Mean and deviation per pixel over the data, as a model sees it. */
function moments({ count, pixels }: ImageSet): { mean: Float32Array; deviation: Float32Array } {
  const size = pixels.length / count;
  const [sum, squares] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < pixels.length; i++) {
    const value = toUnit(pixels[i] as number);
    const at = i % size;
    sum[at] = (sum[at] as number) + value;
    squares[at] = (squares[at] as number) + value ** 2;
  }
  const mean = sum.map((total) => total / count);
  const deviation = squares.map((total, i) => Math.sqrt(Math.max(0, total / count - (mean[i] as number) ** 2)));
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
}

/** Builds the bundle's folder from the trained models. */
async function publish(task: AggregateTask, context: TrainerContext, target: string): Promise<void> {
  const layout = runLayout(context.volumes.run, task.directory);
  const data = await readDataset(task.dataset, context.volumes.data, () => stillStarting(context));
  const files: Record<string, Content> = {};
  const models: Manifest['models'] = [];
  const learnedFrom = datasetDigest(data);
  for (const [done, { index, hash, states, model, prediction }] of task.models.entries()) {
    const { final } = layout.model(hash);
    const name = `model ${index}`;
    const trained = await loadOrName(name, name, () => loadFinal(final, hash));
    if (trained === undefined) {
      throw new DdrError('ModelMissing', `${name} has no trained weights on the volume`, {
        where: final,
        hint: makeAnew(name),
      });
    }
    const { record } = trained;
    if (!isDeepStrictEqual(record.states, states) || record.training.prediction !== prediction) {
      throw new DdrError('DigestMismatch', `${name} was trained for other states`, { where: final });
    }
    if (record.dataset.sha256 !== learnedFrom)
      context.logger.warn({ model: index, dataset: record.dataset, found: learnedFrom }, changedData);
    const file = modelFileName(index);
    files[file] = { copyOf: join(final, weightsFile) };
    const loss = record.losses.at(-1)?.loss ?? null;
    models.push({ index, hash, states, model, prediction, file, images: record.images, loss, ...record.weights });
    context.progress({ phase: 'Running', done: done + 1, total: task.models.length });
    await stopIfAsked(context, stopped);
  }
  const { size, channels } = task.image;
  const { mean, deviation } = moments(data);
  const shape = [size, size, channels];
  const tensors = new Map([
    ['mean', { shape, values: mean }],
    ['deviation', { shape, values: deviation }],
  ]);
  const momentsBytes = writeSafetensors({ tensors, metadata: {} });
  const manifest: Manifest = {
    format: bundleFormat,
    hash: task.hash,
    image: task.image,
    timesteps: task.timesteps,
    family: task.family,
    alphas: task.alphas,
    dataset: { count: data.count, sha256: learnedFrom },
    moments: { file: 'moments.safetensors', ...recordOf(momentsBytes) },
    models,
  };
  const content = { ...files, 'moments.safetensors': momentsBytes, 'manifest.json': toJson(manifest) };
  await commitFolder(target, content, () => saving(task, context));
}

/** Of many or large models, copying and reading back take longer than a process may be silent. */
async function saving(task: AggregateTask, context: TrainerContext): Promise<void> {
  context.progress({ phase: 'Saving', done: task.models.length, total: task.models.length });
  await stopIfAsked(context, stopped);
}

/** Reads a bundle back, every file of it. */
async function verify(task: AggregateTask, context: TrainerContext, target: string): Promise<string> {
  const bundle = await openBundle(target, task.hash);
  for (const file of [...bundle.manifest.models, bundle.manifest.moments]) {
    await bundle.read(file);
    await saving(task, context);
  }
  return bundle.digest;
}

/**
 * Verifies every model and publishes the bundle. One that is there already is verified, and made anew where it is damaged.
 * @throws DdrError ModelMissing, DigestMismatch naming the model
 */
export async function runAggregate(task: AggregateTask, context: TrainerContext): Promise<TaskResult> {
  const target = runLayout(context.volumes.run, task.directory).bundle(task.hash);
  await removePartial(dirname(target));
  if (existsSync(target)) {
    await verify(task, context, target).catch(async (thrown: unknown) => {
      const error = toDdrError(thrown);
      if (error.code === 'Interrupted' || error.code === 'FileAccess') throw error; // not the bundle's fault
      context.logger.warn({ path: target, error: error.describe() }, 'the bundle is damaged and made anew');
      await setAside(target);
    });
  }
  if (!existsSync(target)) await publish(task, context, target);
  const digest = await verify(task, context, target);
  const path = relative(context.volumes.run, target);
  context.logger.info({ path, digest, models: task.models.length }, 'bundle published');
  return { kind: 'aggregate', path, digest, models: task.models.length };
}
