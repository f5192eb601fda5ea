import { z } from 'zod';
import { type Latents, latentValues, type NetworkShape } from '../../api/spec/dataset.ts';
import { numbersOf } from '../formats/elements.ts';

/** How latents become what networks see: (latent − shiftFactor) · scalingFactor, as in diffusers. */
export const latentScaleSchema = z.object({
  /** Height and width. */
  size: z.int().min(1),
  channels: z.int().min(1),
  scalingFactor: z.number(),
  shiftFactor: z.number(),
});
export type LatentScale = z.output<typeof latentScaleSchema>;

/** Latents as a prepared dataset keeps them: as the encoder gave them, channels last. */
export const latentsSchema = latentScaleSchema.extend({
  /** What the channels are: means, and after them deviations or log-variances. */
  values: z.enum(latentValues),
  type: z.enum(['float16', 'float32']),
});
export type LatentsDescription = z.output<typeof latentsSchema>;

/** Channels of the array: twice those of a latent where it tells of their spread. */
export const storedChannels = (channels: number, values: Latents['values']): number =>
  values === 'Mean' ? channels : 2 * channels;

/** Bytes of one latent, spread included. */
export const bytesPerLatent = ({ size, channels, values, type }: LatentsDescription): number =>
  size * size * storedChannels(channels, values) * (type === 'float16' ? 2 : 4);

/** Shape of what networks see. */
export const shapeOfLatents = ({ size, channels }: LatentScale): NetworkShape => ({ size, channels });

/** The normal that an image's latent is drawn from, as networks see it: values [h, w, c]. */
export interface LatentNormal {
  mean: Float32Array;
  /** None where only means are known. */
  deviation: Float32Array | undefined;
}

/** Bounds of a log-variance, as diffusers has them: beyond them it says nothing. */
const [leastLogVariance, mostLogVariance] = [-30, 20];

/** @param stored one latent [h, w, c or 2c], as the encoder gave it */
export function normalOf(stored: Float32Array, description: LatentsDescription): LatentNormal {
  const { channels, values, scalingFactor, shiftFactor } = description;
  const width = storedChannels(channels, values);
  const pixels = stored.length / width;
  const mean = new Float32Array(pixels * channels);
  const deviation = values === 'Mean' ? undefined : new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const [from, to] = [pixel * width + channel, pixel * channels + channel];
      mean[to] = ((stored[from] as number) - shiftFactor) * scalingFactor;
      if (deviation === undefined) continue;
      const spread = stored[from + channels] as number;
      const bounded = Math.min(mostLogVariance, Math.max(leastLogVariance, spread));
      deviation[to] = scalingFactor * (values === 'MeanAndDeviation' ? spread : Math.exp(bounded / 2));
    }
  }
  return { mean, deviation };
}

/** Latents [n, h, w, c or 2c] from their bytes. */
export const latentsFrom = (bytes: Uint8Array, { type }: LatentsDescription): Float32Array =>
  numbersOf(type, bytes) as Float32Array;
