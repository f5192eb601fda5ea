import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import type { Evaluation } from '../../api/spec/evaluation.ts';
import type { TrainerContext } from '../context/context.ts';
import { readInput, resolveInVolume } from '../data/volume.ts';
import { sha256 } from '../formats/digest.ts';
import { checkStatistics } from '../metrics/covariance.ts';
import { checkExtractor } from '../metrics/extractors/weights.ts';
import { metrics } from '../metrics/metrics.ts';
import { readStatistics } from '../metrics/statisticsFile.ts';

type Volumes = TrainerContext['volumes'];

/** sha256 of the files that the evaluation will read. */
export interface EvaluationDigests {
  reference?: string;
  weights?: string;
}

/**
 * Checks what the evaluation will read, before a GPU is asked for.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputMismatch naming the file
 */
export async function checkEvaluationFiles(
  { extractor, reference }: Evaluation,
  volumes: Volumes,
): Promise<EvaluationDigests> {
  const { dimensions, digest: weights } = await checkExtractor(extractor, volumes.weights);
  return compact({
    reference:
      reference.file && (await checkReference(reference.file.volume.path, dimensions, volumes, extractor.name)),
    weights: extractor.weights && weights,
  });
}

async function checkReference(
  path: string,
  dimensions: number,
  { reference }: Volumes,
  extractor: string,
): Promise<string> {
  const where = await resolveInVolume(reference, path, 'reference statistics');
  const bytes = await readInput(where);
  const statistics = readStatistics(bytes, where);
  if (statistics.dimensions !== dimensions) {
    throw new DdrError(
      'InputMismatch',
      `mu has ${statistics.dimensions} values, and ${extractor} gives ${dimensions} features`,
      { where, hint: `Take statistics of ${extractor}'s features, or compare with the data: reference.fromDataset.` },
    );
  }
  checkStatistics(statistics, where);
  return sha256(bytes);
}

/** Paths of the files that the evaluation will read, resolved. */
export async function evaluationPaths(evaluation: Evaluation | undefined, volumes: Volumes): Promise<string[]> {
  const { reference, extractor } = evaluation ?? {};
  const [file, weights] = [reference?.file, extractor?.weights];
  return [
    ...(file ? [await resolveInVolume(volumes.reference, file.volume.path, 'reference statistics')] : []),
    ...(weights ? [await resolveInVolume(volumes.weights, weights.volume.path, 'extractor weights')] : []),
  ];
}

/** Fewest images with which the metrics can be computed, where the dataset is the reference. */
export function leastImages(evaluation: Evaluation | undefined): number {
  if (evaluation?.reference.fromDataset === undefined) return 1;
  return Math.max(...evaluation.metrics.map((name) => metrics[name].leastImages));
}
