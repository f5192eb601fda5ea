import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { EvaluateTask } from '../../api/task.ts';
import type { Manifest } from '../artifacts/bundle.ts';
import { loadFinalRecord } from '../artifacts/finalModel.ts';
import { loadPrepared, type PreparedRecord } from '../artifacts/prepared.ts';
import { loadOrName, makeAnew } from '../artifacts/records.ts';
import type { Report } from '../artifacts/report.ts';
import { loadShard, type ShardImages } from '../artifacts/samples.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { addImage, emptyMoments, type MomentSums } from '../data/moments.ts';
import type { ClassSamples } from '../report/classes.ts';

/** Samples that the grid shows. */
const gridSamples = 100;

/** Rows and columns of the grid by class. */
const [gridClasses, samplesPerClass] = [20, 10];

/**
 * What is known of where the data came from.
 * @throws DdrError ModelMissing, DigestMismatch
 */
export async function preparedOf(task: EvaluateTask, { store }: TrainerContext): Promise<PreparedRecord> {
  const folder = runLayout(task.directory).prepared(task.prepared);
  const prepared = await loadOrName('the record of the data', 'preparation', () =>
    loadPrepared(store, folder, task.prepared),
  );
  const [where, hint] = [store.describe(folder), makeAnew('preparation')];
  if (prepared === undefined) throw new DdrError('ModelMissing', 'there is no record of the data', { where, hint });
  if (prepared.dataset.address !== task.dataset) {
    throw new DdrError('DigestMismatch', `tells of the dataset ${prepared.dataset.address}, not ${task.dataset}`, {
      where,
      hint,
    });
  }
  return prepared;
}

/** Curves and timing of the bundle's models, as their own records have them. */
export function modelsOf({ models }: Manifest, { directory }: EvaluateTask, { store }: TrainerContext) {
  const layout = runLayout(directory);
  return Promise.all(
    models.map(async ({ index, hash, states, prediction, sha256, images }): Promise<Report['models'][number]> => {
      const name = `model ${index}`;
      const record = await loadOrName(name, name, () => loadFinalRecord(store, layout.model(hash).final));
      const { seconds = null, device = null, losses = [] } = record ?? {};
      const learningRate = record?.training.optimizer.learningRate ?? null;
      return { index, hash, states, prediction, digest: sha256, images, learningRate, seconds, device, losses };
    }),
  );
}

/** Adds the samples of a shard to those of their classes, as far as there is room. */
function addByClass(classes: Map<number, ClassSamples>, { images: { shape, data }, labels }: ShardImages): void {
  const size = data.length / (shape[0] as number);
  labels?.forEach((label, i) => {
    if (label >= gridClasses) return;
    const known = classes.get(label) ?? { label, images: [] };
    classes.set(label, known);
    if (known.images.length < samplesPerClass) known.images.push(data.slice(i * size, (i + 1) * size));
  });
}

/** Adds the images of a shard, [N, H, W, C]. */
function addImages(sums: MomentSums | undefined, { shape: [count = 0], data }: ShardImages['images']): MomentSums {
  const size = data.length / Math.max(1, count);
  const grown = sums ?? emptyMoments(size);
  for (let i = 0; i < count; i++) addImage(grown, data.subarray(i * size, (i + 1) * size));
  return grown;
}

/** What is known of a run's samples. */
export interface Samples extends Omit<ShardImages, 'labels'> {
  /** The first samples of each class, of the first classes; none where the models know no classes. */
  classes: ClassSamples[];
  /** Of all samples. */
  moments: MomentSums;
  /** That drawing took, of all shards together. */
  seconds: number;
}

/** A shard of the samples, verified. @throws DdrError ModelMissing, DigestMismatch */
export async function shardOf({ directory, samples }: EvaluateTask, index: number, { store }: TrainerContext) {
  const folder = runLayout(directory).shard(samples, index);
  const shard = await loadOrName(`shard ${index}`, 'sampling', () => loadShard(store, folder, samples));
  if (shard !== undefined) return shard;
  throw new DdrError('ModelMissing', `there are no samples of shard ${index}`, {
    where: store.describe(folder),
    hint: makeAnew('sampling'),
  });
}

/**
 * The samples that the grids show, the trajectory, and moments of all samples. All shards are read, and so verified.
 * @throws DdrError ModelMissing, DigestMismatch, Interrupted
 */
export async function samplesOf(task: EvaluateTask, context: TrainerContext): Promise<Samples> {
  const shown: Uint8Array[] = [];
  let missing = gridSamples;
  const classes = new Map<number, ClassSamples>();
  let first: ShardImages | undefined;
  let moments: MomentSums | undefined;
  let seconds = 0;
  for (let index = 0; index < task.sampling.shards; index++) {
    const shard = await shardOf(task, index, context);
    first ??= shard;
    moments = addImages(moments, shard.images);
    seconds += shard.record.seconds;
    const { shape, data } = shard.images;
    const count = Math.min(missing, shard.record.count);
    shown.push(data.slice(0, (count * data.length) / (shape[0] as number)));
    missing -= count;
    addByClass(classes, shard);
    await stillStarting(context);
  }
  const [, ...shape] = first?.images.shape ?? [];
  return {
    images: { shape: [gridSamples - missing, ...shape], data: new Uint8Array(Buffer.concat(shown)) },
    trajectory: first?.trajectory,
    classes: [...classes.values()].sort((a, b) => a.label - b.label),
    moments: moments ?? emptyMoments(0),
    seconds,
  };
}
