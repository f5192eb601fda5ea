import { DdrError } from '../../api/errors.ts';
import type { NetworkShape } from '../../api/spec/dataset.ts';
import type { Training } from '../../api/spec/training.ts';
import { normals, randomChance, streams } from '../../diffusion/random.ts';
import type { OpenedDataset } from '../artifacts/dataset.ts';
import type { ImageCondition, ImageSource } from '../data/imageSource.ts';
import { type LatentsDescription, latentsFrom, normalOf, shapeOfLatents } from '../data/latents.ts';
import { valuesOf } from '../model/codec.ts';
import { mirror } from './flips.ts';
import { entriesInTrainingOrder, inTrainingOrder } from './trainingOrder.ts';

/** What networks learn from, as they see it, without end: image p is the one that is learned from after p others. */
export interface LearnedImages {
  /** Of one. */
  shape: NetworkShape;
  /** Values of images first … first + size − 1, [size, h, w, c]. */
  batch(first: number, size: number): Promise<Float32Array>;
  /** What is known of image `place` besides, where the data have conditions. */
  condition?: (place: number) => Promise<ImageCondition>;
}

/**
 * A latent of the normal that an encoder gave: another one each time the image is seen, and a function of (seed, position).
 * @param position how many images are learned from before it
 */
export function drawLatent(
  stored: Float32Array,
  description: LatentsDescription,
  seed: number,
  position: number,
): Float32Array {
  const { mean, deviation } = normalOf(stored, description);
  if (deviation === undefined) return mean;
  const noise = normals(seed, streams.latents, position, mean.length);
  return mean.map((value, i) => value + (deviation[i] as number) * (noise[i] as number));
}

/** What a dataset's networks learn from: its latents where it has some, else its images. @throws DdrError InvalidTask */
export function learnedImages(
  data: ImageSource & Partial<Pick<OpenedDataset, 'latents'>>,
  { seed, horizontalFlips }: Pick<Training, 'seed' | 'horizontalFlips'>,
): LearnedImages {
  const { latents } = data;
  const { batch, condition } = inTrainingOrder(data, seed);
  const told = condition && { condition };
  if (latents !== undefined) {
    if (horizontalFlips)
      throw new DdrError('InvalidTask', 'horizontalFlips mirrors images, and networks learn from latents of them');
    return { ...latentsLearned(latents, seed), ...told };
  }
  const { shape } = data;
  return {
    shape,
    async batch(first, size) {
      const pixels = await batch(first, size);
      if (!horizontalFlips) return valuesOf(pixels);
      return valuesOf(mirror(pixels, shape, (i) => randomChance(0.5, seed, streams.flips, first + i)));
    },
    ...told,
  };
}

function latentsLearned(latents: NonNullable<OpenedDataset['latents']>, seed: number): LearnedImages {
  const { description } = latents;
  const batch = entriesInTrainingOrder(latents, seed);
  const shape = shapeOfLatents(description);
  const perLatent = shape.size * shape.size * shape.channels;
  return {
    shape,
    async batch(first, size) {
      const stored = latentsFrom(await batch(first, size), description);
      const each = stored.length / size;
      const values = new Float32Array(size * perLatent);
      for (let i = 0; i < size; i++) {
        const own = stored.subarray(i * each, (i + 1) * each);
        values.set(drawLatent(own, description, seed, first + i), i * perLatent);
      }
      return values;
    },
  };
}
