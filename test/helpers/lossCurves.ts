import { normals, streams } from '../../src/diffusion/random.ts';
import type { LossPoint } from '../../src/trainer/artifacts/checkpoint.ts';

/** A loss curve of a shape over training from 0 to 1, with noise of so many parts of its value (log-normal). */
export function lossCurve(shape: (part: number) => number, noise = 0.05, points = 200, seed = 1): LossPoint[] {
  const drawn = normals(seed, streams.noise, 0, points);
  return Array.from({ length: points }, (_, i) => ({
    images: 64 * (i + 1),
    loss: shape((i + 1) / points) * Math.exp(noise * (drawn[i] as number)),
  }));
}

/** Falls as losses do: a power of the images seen, from `first` to `rest`. */
export const falling =
  (first: number, rest: number) =>
  (part: number): number =>
    rest + (first - rest) / (1 + 40 * part) ** 1.5;
