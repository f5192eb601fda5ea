import { writeNpz } from '../../src/trainer/formats/npz.ts';
import { addFeatures, emptySums, type Statistics, statisticsOf } from '../../src/trainer/metrics/statistics.ts';

/** The features of test/fixtures/frechet.py. */
export function features(count: number, dimensions: number, seed: number): Float32Array {
  const result = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const common = Math.sin(0.37 * (i + 1) * (1 + seed));
    for (let j = 0; j < dimensions; j++) {
      const raw = Math.sin(12.9898 * (i + 1) + 78.233 * (j + 1) * (1 + 0.1 * seed)) * 43758.5453;
      result[i * dimensions + j] = (raw - Math.floor(raw)) * (1 + j / dimensions) + 0.3 * common + 0.1 * seed;
    }
  }
  return result;
}

export function statistics(values: Float32Array, dimensions: number): Statistics {
  const sums = emptySums(dimensions);
  addFeatures(sums, values);
  return statisticsOf(sums);
}

/** Statistics as pytorch-fid keeps them: an .npz with `mu` [d] and `sigma` [d, d]. */
export const writeStatistics = ({ dimensions, mean, covariance }: Statistics): Uint8Array =>
  writeNpz({ mu: { shape: [dimensions], data: mean }, sigma: { shape: [dimensions, dimensions], data: covariance } });
