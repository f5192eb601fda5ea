import { createDataOrder } from '../../diffusion/dataOrder.ts';
import type { Entries } from '../artifacts/arrays.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';

/** Bytes of entries first … first + size − 1 of training's order, which has no end. */
export function entriesInTrainingOrder({ count, bytes, batch }: Entries, seed: number): Entries['batch'] {
  const orderOf = createDataOrder(seed, count);
  return async (first, size) => {
    const all = new Uint8Array(size * bytes);
    const put = async (index: number, i: number) => all.set(await batch(index, 1), i * bytes);
    await Promise.all(Array.from(orderOf(first, size), put));
    return all;
  };
}

/**
 * A source as training sees it, without end: image p is the one that is learned from after p others. Every image comes once
 * in an epoch, and each epoch has an order of its own.
 */
export function inTrainingOrder(source: ImageSource, seed: number): ImageSource {
  const { count, shape, condition } = source;
  const orderOf = createDataOrder(seed, count);
  return {
    ...source,
    ...(condition && { condition: (place: number) => condition(orderOf(place, 1)[0] as number) }),
    batch: entriesInTrainingOrder({ count, bytes: bytesPerImage(shape), batch: source.batch }, seed),
  };
}
