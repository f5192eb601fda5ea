import { dirname, join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { RunLayout } from '../../api/layout.ts';
import type { Evaluation } from '../../api/spec/evaluation.ts';
import type { EvaluateTask } from '../../api/task.ts';
import { loadOrName, loadOrSetAside, makeAnew, removePartial } from '../artifacts/commit.ts';
import { loadFeatures, readStatistics, saveFeatures } from '../artifacts/features.ts';
import type { Report } from '../artifacts/report.ts';
import { stillStarting, stopIfAsked, type TrainerContext } from '../context/context.ts';
import { datasetDigest, readDataset } from '../data/dataset.ts';
import { bytesPerImage, type ImageSet } from '../data/images.ts';
import { readInput, resolveInVolume } from '../data/volume.ts';
import { createLinearAlgebra } from '../engine/float64.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import { createExtractor, type FeatureExtractor } from '../metrics/extractors/extractor.ts';
import { frechetDistance } from '../metrics/frechet.ts';
import { type FeatureSums, mergeSums, type Statistics, statisticsOf } from '../metrics/statistics.ts';

/** A distance with all that is needed to tell what it means. */
export type Judgement = NonNullable<Report['evaluation']>;

/** Feature sums of all shards, merged. */
async function sampleSums(task: EvaluateTask, layout: RunLayout, extractor: FeatureExtractor): Promise<FeatureSums> {
  let merged: FeatureSums | undefined;
  for (let shard = 0; shard < task.sampling.shards; shard++) {
    const folder = layout.features(task.samples, extractor.id, shard);
    const sums = await loadOrName(`shard ${shard}`, 'sampling', () => loadFeatures(folder));
    if (sums === undefined) {
      throw new DdrError('ModelMissing', `shard ${shard} has no features`, {
        where: folder,
        hint: makeAnew('sampling'),
      });
    }
    merged = merged === undefined ? sums : mergeSums(merged, sums);
  }
  if (merged?.count !== task.sampling.count) {
    throw new DdrError(
      'DigestMismatch',
      `the shards have features of ${merged?.count} samples, not ${task.sampling.count}`,
      {
        where: layout.samples(task.samples),
      },
    );
  }
  return merged;
}

/** Sums over the dataset, kept on the volume under the digests of data and extractor. */
async function datasetSums(
  data: ImageSet,
  layout: RunLayout,
  extractor: FeatureExtractor,
  context: TrainerContext,
): Promise<FeatureSums> {
  const folder = layout.reference(`${datasetDigest(data).slice(0, 16)}-${extractor.id}`);
  await removePartial(dirname(folder));
  const known = await loadOrSetAside(folder, () => loadFeatures(folder), context.logger);
  if (known !== undefined) return known;
  const sums = await extractor.sums(data, async (done) => {
    context.progress({ phase: 'Running', done, total: data.count });
    await stopIfAsked(context, 'stopped while computing the features of the dataset');
  });
  await saveFeatures(folder, sums);
  return sums;
}

async function referenceOf(
  task: EvaluateTask,
  { reference }: Evaluation,
  layout: RunLayout,
  extractor: FeatureExtractor,
  context: TrainerContext,
): Promise<{ statistics: Statistics; description: Judgement['reference'] }> {
  if (reference.file !== undefined) {
    const { claimName, path } = reference.file.volume;
    const file = await resolveInVolume(context.volumes.reference, path, 'reference statistics');
    const statistics = readStatistics(await readInput(file), file);
    if (statistics.dimensions !== extractor.dimensions) {
      throw new DdrError(
        'InputMismatch',
        `mu has ${statistics.dimensions} values, which are not features of ${extractor.name}`,
        { where: file },
      );
    }
    return { statistics, description: { kind: 'file', where: join(claimName, path), count: null } };
  }
  const data = await readDataset(task.dataset, context.volumes.data, () => stillStarting(context));
  const limit = reference.fromDataset?.limit;
  const count = Math.min(data.count, limit ?? data.count);
  const part = { ...data, count, pixels: data.pixels.subarray(0, count * bytesPerImage(data.shape)) };
  if (count < 2) throw new DdrError('InputMismatch', 'one image has no covariance; the reference needs two at least');
  const { claimName, path } = task.dataset.source.volume;
  return {
    statistics: statisticsOf(await datasetSums(part, layout, extractor, context)),
    description: { kind: 'dataset', where: join(claimName, path), count },
  };
}

function caveatsOf(samples: Statistics, reference: Statistics): string[] {
  const short = (what: string, { count, dimensions }: Statistics) =>
    count !== undefined && count <= dimensions
      ? [
          `${count} ${what} are too few for ${dimensions} features: their covariance has not full rank, and the distance is biased upwards.`,
        ]
      : [];
  return [
    ...short('samples', samples),
    ...short('reference images', reference),
    'The distance falls as the number of samples grows; compare only distances of equal N, reference and extractor.',
  ];
}

/** Compares the samples with the reference. */
export async function judge(
  tf: typeof TensorFlow,
  task: EvaluateTask,
  evaluation: Evaluation,
  layout: RunLayout,
  context: TrainerContext,
): Promise<Judgement> {
  const extractor = await createExtractor(tf, evaluation.extractor, context.volumes.weights);
  const sums = await sampleSums(task, layout, extractor);
  if (sums.count < 2)
    throw new DdrError('InputMismatch', 'one sample has no covariance; sampling.count needs two at least');
  const samples = statisticsOf(sums);
  const { statistics, description } = await referenceOf(task, evaluation, layout, extractor, context);
  const { distance, smallestEigenvalue } = frechetDistance(createLinearAlgebra(tf), samples, statistics);
  return {
    metric: extractor.metric,
    distance,
    smallestEigenvalue,
    extractor: extractor.name,
    extractorDigest: extractor.digest,
    dimensions: samples.dimensions,
    sampleCount: sums.count,
    reference: description,
    caveats: caveatsOf(samples, statistics),
  };
}
