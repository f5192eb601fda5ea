import type { LinearAlgebra } from '../engine/float64.ts';
import type { Metric } from './metric.ts';
import type { Statistics } from './statistics.ts';

export interface FrechetResult {
  distance: number;
  /**
   * The most negative eigenvalue of √Σ1·Σ2·√Σ1, which has none but by rounding; taken as 0. Far below rounding it would
   * mean that an input was no covariance.
   */
  smallestEigenvalue: number;
}

/**
 * Fréchet distance between two normal distributions (Dowson & Landau 1982; Heusel et al. 2017):
 * ‖μ1 − μ2‖² + Tr(Σ1 + Σ2 − 2·(Σ1·Σ2)^½), with the trace of the root as the sum of the roots of the eigenvalues of
 * √Σ1·Σ2·√Σ1. That matrix is symmetric, so no complex numbers come up, as they do where Σ1·Σ2 is rooted itself.
 */
export function frechetDistance(algebra: LinearAlgebra, a: Statistics, b: Statistics): FrechetResult {
  if (a.dimensions !== b.dimensions) throw new RangeError(`features of ${a.dimensions} and ${b.dimensions} dimensions`);
  const n = a.dimensions;
  const { values, vectors } = algebra.symmetricEigen(a.covariance, n);
  const roots = values.map((value) => Math.sqrt(Math.max(0, value)));
  const scaled = vectors.map((value, at) => value * (roots[at % n] as number));
  const root = algebra.multiply(scaled, vectors, n, 'b');
  const product = algebra.multiply(algebra.multiply(root, b.covariance, n), root, n);
  const symmetric = product.map((value, at) => (value + (product[(at % n) * n + Math.floor(at / n)] as number)) / 2);
  const eigenvalues = algebra.symmetricEigen(symmetric, n).values;
  const trace = (matrix: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += matrix[i * n + i] as number;
    return sum;
  };
  const means = a.mean.reduce((sum, value, i) => sum + (value - (b.mean[i] as number)) ** 2, 0);
  const covariances =
    trace(a.covariance) +
    trace(b.covariance) -
    2 * eigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return { distance: means + covariances, smallestEigenvalue: eigenvalues[0] ?? 0 };
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

/** {@link frechetDistance} as a metric. It is called FID with the features of one network only. */
export const frechetMetric: Metric = {
  leastImages: 2, // one has no covariance
  compute(samples, reference, { algebra, extractor }) {
    const { distance, smallestEigenvalue } = frechetDistance(algebra, samples, reference);
    return {
      name: extractor === 'inception-v3-fid' ? 'FID' : 'Fréchet distance',
      value: distance,
      details: { smallestEigenvalue },
      caveats: caveatsOf(samples, reference),
    };
  },
};
