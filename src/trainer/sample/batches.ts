/** Samples [from, to) of a shard, counted within it, and the place that the first of them has in its batch. */
export interface Batch {
  place: number;
  from: number;
  to: number;
}

/**
 * Cuts samples [first, first + count) into batches such that a sample has the same place in its batch whatever the shard:
 * sums inside a kernel may be ordered by the place.
 */
export function batchesOf(first: number, count: number, batchSize: number): Batch[] {
  const batches: Batch[] = [];
  for (let start = first - (first % batchSize); start < first + count; start += batchSize) {
    const [from, to] = [Math.max(start, first), Math.min(start + batchSize, first + count)];
    batches.push({ place: from - start, from: from - first, to: to - first });
  }
  return batches;
}
