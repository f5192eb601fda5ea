/**
 * Sums of features that can be merged: over how many images, the sum, and the sum of outer products, in float64.
 * Features are of the order of 1, so that a covariance loses few of float64's 16 digits to the difference of large sums.
 */
export interface FeatureSums {
  count: number;
  dimensions: number;
  sum: Float64Array;
  /** dimensions × dimensions, row-major, symmetric. */
  outer: Float64Array;
}

export interface Statistics {
  /** How many images, where it is known. */
  count: number | undefined;
  dimensions: number;
  mean: Float64Array;
  /** dimensions × dimensions, row-major. */
  covariance: Float64Array;
}

export const emptySums = (dimensions: number): FeatureSums => ({
  count: 0,
  dimensions,
  sum: new Float64Array(dimensions),
  outer: new Float64Array(dimensions * dimensions),
});

/** Adds a batch of features [n, dimensions] to the sums, in place. */
export function addFeatures(sums: FeatureSums, features: Float32Array): void {
  const { dimensions, sum, outer } = sums;
  const count = features.length / dimensions;
  for (let row = 0; row < count; row++) {
    const feature = features.subarray(row * dimensions, (row + 1) * dimensions);
    for (let i = 0; i < dimensions; i++) {
      const value = feature[i] as number;
      sum[i] = (sum[i] as number) + value;
      if (value === 0) continue;
      const at = i * dimensions;
      for (let j = i; j < dimensions; j++) outer[at + j] = (outer[at + j] as number) + value * (feature[j] as number);
    }
  }
  for (let i = 0; i < dimensions; i++) {
    for (let j = 0; j < i; j++) outer[i * dimensions + j] = outer[j * dimensions + i] as number;
  }
  sums.count += count;
}

/** The sums over both sets of images. */
export function mergeSums(a: FeatureSums, b: FeatureSums): FeatureSums {
  if (a.dimensions !== b.dimensions) throw new RangeError(`features of ${a.dimensions} and ${b.dimensions} dimensions`);
  return {
    count: a.count + b.count,
    dimensions: a.dimensions,
    sum: a.sum.map((value, i) => value + (b.sum[i] as number)),
    outer: a.outer.map((value, i) => value + (b.outer[i] as number)),
  };
}

/** Mean and covariance (divided by N − 1, as numpy.cov). Needs two images at least. */
export function statisticsOf({ count, dimensions, sum, outer }: FeatureSums): Statistics {
  const mean = sum.map((value) => value / count);
  const covariance = outer.map((value, at) => {
    const [i, j] = [Math.floor(at / dimensions), at % dimensions];
    return (value - count * (mean[i] as number) * (mean[j] as number)) / (count - 1);
  });
  return { count, dimensions, mean, covariance };
}
