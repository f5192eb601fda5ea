import type { MomentSums, Moments } from '../data/moments.ts';

/** Samples against the data, by their moments per value. */
export interface Contrast {
  /** Root mean square of the samples' deviations over that of the data's. */
  contrast: number;
  /** Root mean square of how far the means are apart, in the data's deviations. */
  shift: number;
}

/** With fewer samples, deviations are known to no better than an eighth. */
const leastSamples = 32;
/** Ten uniform states with exact models have 0.74 (normal data, deviation 0.5), short trainings of ten 0.77: what is below 0.6 has lost more. */
const leastContrast = 0.6;
/** Half a deviation of the whole picture is seen at a glance. */
const largestShift = 0.5;

const rootMeanSquare = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0) / values.length);

/** Root mean square of the data's deviations per value. */
export const deviationOf = ({ deviation }: Moments): number => rootMeanSquare(deviation);

/** undefined where there are too few samples, the data have no contrast, or the moments are of another shape. */
export function contrastOf({ count, sum, squares }: MomentSums, data: Moments): Contrast | undefined {
  const deviation = deviationOf(data);
  if (count < leastSamples || deviation === 0 || data.mean.length !== sum.length) return undefined;
  const variances = squares.map((total, i) => Math.max(0, (total - (sum[i] as number) ** 2 / count) / (count - 1)));
  const shifts = sum.map((total, i) => total / count - (data.mean[i] as number));
  const contrast = rootMeanSquare(variances.map(Math.sqrt)) / deviation;
  // Means of so many samples are apart by chance too.
  const byChance = contrast ** 2 / count;
  return { contrast, shift: Math.sqrt(Math.max(0, (rootMeanSquare(shifts) / deviation) ** 2 - byChance)) };
}

export const isPale = ({ contrast }: Contrast): boolean => contrast < leastContrast;

export const isWashedOut = (measured: Contrast): boolean => isPale(measured) || measured.shift > largestShift;
