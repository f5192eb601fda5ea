import { createDataOrder } from '../../diffusion/dataOrder.ts';
import { bytesPerImage, type ImageSource } from '../data/imageSource.ts';

/**
 * A source as training sees it, without end: image p is the one that is learned from after p others. Every image comes once
 * in an epoch, and each epoch has an order of its own.
 */
export function inTrainingOrder(source: ImageSource, seed: number): ImageSource {
  const orderOf = createDataOrder(seed, source.count);
  const bytes = bytesPerImage(source.shape);
  const { condition } = source;
  return {
    ...source,
    ...(condition && { condition: (place: number) => condition(orderOf(place, 1)[0] as number) }),
    async batch(first, size) {
      const pixels = new Uint8Array(size * bytes);
      const put = async (index: number, i: number) => pixels.set(await source.batch(index, 1), i * bytes);
      await Promise.all(Array.from(orderOf(first, size), put));
      return pixels;
    },
  };
}
