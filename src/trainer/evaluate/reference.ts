import { dirname, join } from 'node:path/posix';
import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { Evaluation } from '../../api/spec/evaluation.ts';
import type { EvaluateTask } from '../../api/task.ts';
import { contentAddress, openDataset } from '../artifacts/dataset.ts';
import { loadFeatures, saveFeatures } from '../artifacts/features.ts';
import type { PreparedRecord } from '../artifacts/prepared.ts';
import { loadOrQuarantine } from '../artifacts/records.ts';
import type { Report } from '../artifacts/report.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { streamingOf } from '../context/streaming.ts';
import type { ImageSource } from '../data/imageSource.ts';
import { readInput, resolveInVolume } from '../data/volume.ts';
import { sha256 } from '../formats/digest.ts';
import { checkStatistics } from '../metrics/covariance.ts';
import type { FeatureExtractor } from '../metrics/extractors/extractor.ts';
import { type FeatureSums, type Statistics, statisticsOf } from '../metrics/statistics.ts';
import { readStatistics } from '../metrics/statisticsFile.ts';

/** What samples are compared with. */
export interface Reference {
  statistics: Statistics;
  description: NonNullable<Report['evaluation']>['reference'];
}

/**
 * The statistics of the evaluation's reference.
 * @throws DdrError InputMissing, InputForeign, InputMismatch; DataChanged where the file is another than was prepared
 */
export const referenceOf = (
  task: EvaluateTask,
  { reference }: Evaluation,
  prepared: PreparedRecord,
  extractor: FeatureExtractor,
  context: TrainerContext,
): Promise<Reference> =>
  reference.file === undefined
    ? fromDataset(task, reference.fromDataset?.limit, prepared, extractor, context)
    : fromFile(reference.file, prepared, extractor, context);

/** For a file that is no longer what the addresses of all results say. */
export const changedSincePrepared = (what: string, where: string | undefined): DdrError =>
  new DdrError('DataChanged', `${what} are others than when the run was prepared`, {
    ...compact({ where }),
    hint: 'Set dataset.revision to another text: what the run reads is then checked and noted anew.',
  });

async function fromFile(
  { volume: { claimName, path } }: NonNullable<Evaluation['reference']['file']>,
  prepared: PreparedRecord,
  extractor: FeatureExtractor,
  { volumes }: TrainerContext,
): Promise<Reference> {
  const where = await resolveInVolume(volumes.reference, path, 'reference statistics');
  const bytes = await readInput(where);
  if (prepared.reference !== undefined && prepared.reference !== sha256(bytes))
    throw changedSincePrepared('the reference statistics', where);
  const statistics = readStatistics(bytes, where);
  if (statistics.dimensions !== extractor.dimensions) {
    throw new DdrError(
      'InputMismatch',
      `mu has ${statistics.dimensions} values, which are not features of ${extractor.name}`,
      { where },
    );
  }
  checkStatistics(statistics, where);
  return { statistics, description: { kind: 'file', where: join(claimName, path), count: null } };
}

async function fromDataset(
  task: EvaluateTask,
  limit: number | undefined,
  { source }: PreparedRecord,
  extractor: FeatureExtractor,
  context: TrainerContext,
): Promise<Reference> {
  const dataset = await openDataset(context.store, task.dataset, streamingOf(task, context));
  const count = Math.min(dataset.count, limit ?? dataset.count);
  const address = contentAddress(dataset.digest);
  const part = count === dataset.count ? address : `${address}-first-${count}`;
  const folder = runLayout(task.directory).reference(`${part}-${extractor.id}`);
  const sums = await datasetSums({ ...dataset, count }, folder, extractor, context);
  return { statistics: statisticsOf(sums), description: { kind: 'dataset', where: source.where, count } };
}

/** Sums over the dataset, kept in the store under the digests of data and extractor. */
async function datasetSums(
  images: ImageSource,
  folder: string,
  extractor: FeatureExtractor,
  context: TrainerContext,
): Promise<FeatureSums> {
  const { store, logger } = context;
  await store.removePartial({ below: dirname(folder) });
  const known = await loadOrQuarantine(store, folder, () => loadFeatures(store, folder), logger);
  if (known !== undefined) return known;
  const sums = await extractor.sums(images, async (done) => {
    context.progress({ phase: 'Running', done, total: images.count });
    await stopIfAsked(context, 'stopped while computing the features of the dataset');
  });
  await saveFeatures(store, folder, sums);
  return sums;
}
