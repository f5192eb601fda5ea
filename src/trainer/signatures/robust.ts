/** The median of one number at least. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Of a normal distribution, the deviation over the median of absolute values. */
const perMedian = 1.4826;

/** Standard deviation around 0, as the median of absolute values tells it: up to half of the values may be anything. */
export const spread = (values: readonly number[]): number => perMedian * median(values.map(Math.abs));
