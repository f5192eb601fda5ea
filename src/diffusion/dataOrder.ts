import { randomWord, streams } from './random.ts';

/** The order of one epoch: a permutation of 0 … size − 1 (Fisher–Yates) for (seed, epoch). */
export function epochOrder(seed: number, epoch: number, size: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor((randomWord(seed, streams.order, epoch, i) / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/**
 * Which images make a batch, as a function of how many images were seen before it: every image once per epoch, each
 * epoch in its own order. Keeps the current epoch's order, which is only a cache.
 */
export function createDataOrder(seed: number, size: number): (seen: number, batchSize: number) => Uint32Array {
  let cached: { epoch: number; order: Uint32Array } = { epoch: -1, order: new Uint32Array() };
  const indexAt = (position: number) => {
    const epoch = Math.floor(position / size);
    if (cached.epoch !== epoch) cached = { epoch, order: epochOrder(seed, epoch, size) };
    return cached.order[position - epoch * size] as number;
  };
  return (seen, batchSize) => Uint32Array.from({ length: batchSize }, (_, i) => indexAt(seen + i));
}
