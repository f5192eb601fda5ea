import { normals, streams } from '../../diffusion/random.ts';
import type { Moments } from '../data/moments.ts';

/** Streams of step noise that one sample has at most: S ≤ 4096. */
const statesPerSample = 4096;

/**
 * The first x of a sample, a function of (seed, sample): of N(0, I), or of the normal that the data have become at the
 * noisiest state where their moments are given.
 * @param size values of a sample
 * @param alphaBar of the noisiest state
 */
export function startOf(
  seed: number,
  sample: number,
  size: number,
  alphaBar: number,
  moments: Moments | undefined,
): Float64Array {
  const noise = normals(seed, streams.start, sample, size);
  if (moments === undefined) return noise;
  const { mean, deviation } = moments;
  return noise.map(
    (z, i) =>
      Math.sqrt(alphaBar) * (mean[i] as number) +
      Math.sqrt(alphaBar * (deviation[i] as number) ** 2 + 1 - alphaBar) * z,
  );
}

/** z of one step for `count` samples from `first`, each a function of (seed, sample, state). */
export function stepNoise(seed: number, first: number, count: number, state: number, size: number): Float64Array {
  const noise = new Float64Array(count * size);
  for (let i = 0; i < count; i++)
    noise.set(normals(seed, streams.step, (first + i) * statesPerSample + state, size), i * size);
  return noise;
}
