import { DdrError } from '../../api/errors.ts';
import type { Statistics } from './statistics.ts';

/** What to do about statistics that are none. */
export const anew =
  'Write mu and sigma anew from features of images, with numpy.cov(features, rowvar=False), as pytorch-fid does.';

/**
 * How far rounding may take a covariance from being one. NumPy's own, in float64, is off by 1e-15; saved as float32 by 1e-7,
 * as float16 by some 1e-4; summed up in float32 with the mean subtracted at the end by as much. What is no covariance at all
 * (a correlation cut together, a difference of two, columns mixed up) is off by parts of its size.
 */
const tolerance = { asymmetry: 1e-4, eigenvalue: 1e-3 };

/**
 * Checks that statistics are those of any features: a distance to what is no covariance is a number without meaning.
 * Takes n³/6 multiplications: some seconds for the 2048 features of a FID.
 * @param where file, for the message
 * @throws DdrError InputForeign with what was found
 */
export function checkStatistics({ covariance, dimensions: n }: Statistics, where: string): void {
  const refuse = (finding: string) => {
    throw new DdrError('InputForeign', `sigma is not a covariance: ${finding}`, {
      where,
      hint: anew,
    });
  };
  const largest = covariance.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return; // features that are all the same
  const pair = mostAsymmetric(covariance, n);
  if (pair.difference > tolerance.asymmetry * largest)
    refuse(`it is not symmetric, ${entry(covariance, n, pair.i, pair.j)} but ${entry(covariance, n, pair.j, pair.i)}`);
  const scale = largestEigenvalue(covariance, n);
  const negative = eigenvalueBelow(covariance, n, tolerance.eigenvalue * scale);
  if (negative !== undefined)
    refuse(
      `it has an eigenvalue of ${rounded(negative)} or less, and none may be below 0; the largest is ${rounded(scale)}`,
    );
}

const rounded = (value: number) => Number(value.toPrecision(3)).toString();
const entry = (matrix: Float64Array, n: number, i: number, j: number) =>
  `sigma[${i},${j}] is ${rounded(matrix[i * n + j] as number)}`;

function mostAsymmetric(matrix: Float64Array, n: number): { i: number; j: number; difference: number } {
  let most = { i: 0, j: 0, difference: 0 };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const difference = Math.abs((matrix[i * n + j] as number) - (matrix[j * n + i] as number));
      if (difference > most.difference) most = { i, j, difference };
    }
  }
  return most;
}

/** Size of the largest eigenvalue of a symmetric matrix, by power iteration: to a few per cent, never above it. */
function largestEigenvalue(matrix: Float64Array, n: number): number {
  let vector: Float64Array = Float64Array.from({ length: n }, (_, i) => 1 + ((i * 7919) % 97) / 97);
  let size = 0;
  for (let iteration = 0; iteration < 30; iteration++) {
    const norm = Math.hypot(...vector);
    if (norm === 0) return size;
    vector = times(
      matrix,
      vector.map((value) => value / norm),
      n,
    );
    size = Math.hypot(...vector);
  }
  return size;
}

function times(matrix: Float64Array, vector: Float64Array, n: number): Float64Array {
  return vector.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (matrix[i * n + j] as number) * (vector[j] as number);
    return sum;
  });
}

/**
 * Whether a symmetric matrix has an eigenvalue below −bound: exactly then A + bound·I has no Cholesky factor. Where a pivot
 * fails, the vector that shows it bounds the smallest eigenvalue from above.
 * @returns that bound; undefined where there is no such eigenvalue
 */
function eigenvalueBelow(matrix: Float64Array, n: number, bound: number): number | undefined {
  const factor = new Float64Array(n * n); // rows of L
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const rest = (matrix[i * n + j] as number) - product(factor, i, j, n, j);
      factor[i * n + j] = rest / (factor[j * n + j] as number);
    }
    const pivot = (matrix[i * n + i] as number) + bound - product(factor, i, i, n, i);
    if (pivot <= 0) return pivot / squaredWitness(factor, i, n) - bound;
    factor[i * n + i] = Math.sqrt(pivot);
  }
  return undefined;
}

/** Σ L[i,k]·L[j,k] over the first `length` columns. */
function product(factor: Float64Array, i: number, j: number, n: number, length: number): number {
  const [a, b] = [i * n, j * n];
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (factor[a + k] as number) * (factor[b + k] as number);
  return sum;
}

/** |v|² of v = (y, −1) with Lᵀ·y = L[i]: there vᵀ·(A + bound·I)·v is the pivot of row i. */
function squaredWitness(factor: Float64Array, i: number, n: number): number {
  const y = factor.slice(i * n, i * n + i);
  let squared = 1;
  for (let k = i - 1; k >= 0; k--) {
    y[k] = (y[k] as number) / (factor[k * n + k] as number);
    for (let j = 0; j < k; j++) y[j] = (y[j] as number) - (factor[k * n + j] as number) * (y[k] as number);
    squared += (y[k] as number) ** 2;
  }
  return squared;
}
