import type { Sampling } from '../../api/spec/sampling.ts';
import { parseStateRange } from '../../api/spec/stateRange.ts';

/** Scale of a state's guidance; 1, which is none, for states that are not guided. */
export function guidanceScale({ scale, states }: Sampling['guidance'], state: number): number {
  if (states === undefined) return scale;
  const { first, last } = parseStateRange(states);
  return first <= state && state <= last ? scale : 1;
}

/**
 * Classifier-free guidance (Ho & Salimans 2022): free + scale·(told − free). It is the same for noise, velocity and image,
 * which follow from one another linearly at a given x.
 * @param free output without conditions
 * @param told output with them
 */
export function guide(free: Float32Array, told: Float32Array, scale: number): Float32Array {
  return told.map((value, i) => (free[i] as number) + scale * (value - (free[i] as number)));
}
