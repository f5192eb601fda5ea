import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { Evaluation } from '../../api/spec/evaluation.ts';
import type { EvaluateTask } from '../../api/task.ts';
import { loadFeatures } from '../artifacts/features.ts';
import type { PreparedRecord } from '../artifacts/prepared.ts';
import { loadOrName, makeAnew } from '../artifacts/records.ts';
import type { Report } from '../artifacts/report.ts';
import type { TrainerContext } from '../context/context.ts';
import { createLinearAlgebra } from '../engine/float64.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import { createExtractor, type FeatureExtractor } from '../metrics/extractors/extractor.ts';
import { metrics } from '../metrics/metrics.ts';
import { type FeatureSums, mergeSums, statisticsOf } from '../metrics/statistics.ts';
import { classAgreement } from './classAgreement.ts';
import { changedSincePrepared, referenceOf } from './reference.ts';

/** Numbers with all that is needed to tell what they mean. */
export type Judgement = NonNullable<Report['evaluation']>;

/** Feature sums of all shards, merged. */
async function sampleSums(
  { directory, samples, sampling }: EvaluateTask,
  extractor: FeatureExtractor,
  { store }: TrainerContext,
): Promise<FeatureSums> {
  const layout = runLayout(directory);
  let merged: FeatureSums | undefined;
  for (let shard = 0; shard < sampling.shards; shard++) {
    const folder = layout.features(samples, extractor.id, shard);
    const sums = await loadOrName(`shard ${shard}`, 'sampling', () => loadFeatures(store, folder));
    if (sums === undefined) {
      throw new DdrError('ModelMissing', `shard ${shard} has no features`, {
        where: store.describe(folder),
        hint: makeAnew('sampling'),
      });
    }
    merged = merged === undefined ? sums : mergeSums(merged, sums);
  }
  if (merged?.count !== sampling.count) {
    throw new DdrError(
      'DigestMismatch',
      `the shards have features of ${merged?.count} samples, not ${sampling.count}`,
      {
        where: store.describe(layout.samples(samples)),
      },
    );
  }
  return merged;
}

/** @throws DdrError InputMismatch where a metric needs more images of a kind than there are */
function checkCounts({ metrics: names }: Evaluation, kind: string, count: number | null): void {
  for (const name of names) {
    const least = metrics[name].leastImages;
    if (count !== null && count < least)
      throw new DdrError('InputMismatch', `${name} needs ${least} ${kind} at least, and there is ${count}`);
  }
}

/**
 * Compares the samples with the reference, by every metric that was asked for.
 * @param classes that the models know, where they know some
 * @throws DdrError ModelMissing, DigestMismatch, InputMismatch, DataChanged, and what reading extractor and reference throws
 */
export async function judge(
  tf: typeof TensorFlow,
  task: EvaluateTask,
  evaluation: Evaluation,
  prepared: PreparedRecord,
  context: TrainerContext,
  classes?: number,
): Promise<Judgement> {
  checkCounts(evaluation, 'samples', task.sampling.count);
  const extractor = await createExtractor(tf, evaluation.extractor, context.volumes.weights);
  if (prepared.weights !== undefined && prepared.weights !== extractor.digest)
    throw changedSincePrepared("the extractor's weights", evaluation.extractor.weights?.volume.path);
  const sums = await sampleSums(task, extractor, context);
  const reference = await referenceOf(task, evaluation, prepared, extractor, context);
  checkCounts(evaluation, 'reference images', reference.description.count);
  const tools = { algebra: createLinearAlgebra(tf), extractor: extractor.name };
  const samples = statisticsOf(sums);
  const measured = evaluation.metrics.map((name) => metrics[name].compute(samples, reference.statistics, tools));
  return compact({
    metrics: measured.map(({ name, value, details }) => ({ name, value, details })),
    extractor: extractor.name,
    extractorDigest: extractor.digest,
    dimensions: extractor.dimensions,
    sampleCount: sums.count,
    reference: reference.description,
    caveats: [...new Set(measured.flatMap(({ caveats }) => caveats))],
    classAgreement: await classAgreement(task, classes, extractor, context),
  });
}
