import { alphaBars, type Family, logSnr } from './schedule.ts';

/** How the S timesteps are chosen from the T. */
export const spacings = ['Uniform', 'Quadratic', 'LogSNR', 'Explicit'] as const;
export type Spacing = (typeof spacings)[number];

export interface SpacingOptions {
  family: Family;
  /** T. */
  timesteps: number;
  /** S, 1 … T. */
  states: number;
  spacing: Spacing;
  /** With Explicit: the timesteps themselves. */
  indices?: readonly number[] | undefined;
}

/**
 * Rounds rising positions to whole timesteps without letting two fall together, keeping the last at T − 1:
 * each is raised above the one before it, then lowered where it would leave no room for those after it.
 */
function toDistinct(positions: readonly number[], timesteps: number): number[] {
  const count = positions.length;
  let previous = -1;
  return positions.map((position, i) => {
    previous = Math.min(Math.max(Math.round(position), previous + 1), timesteps - count + i);
    return previous;
  });
}

/** For each target, the position on the falling curve where it is reached, by linear interpolation. */
function invertFalling(curve: Float64Array, targets: readonly number[]): number[] {
  return targets.map((target) => {
    let low = 0;
    let high = curve.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((curve[middle] as number) >= target) low = middle;
      else high = middle;
    }
    const [above, below] = [curve[low] as number, curve[high] as number];
    return above === below ? low : low + ((above - target) / (above - below)) * (high - low);
  });
}

/**
 * The S timesteps τ_0 < … < τ_{S−1} (0-based) that latent states are indexed out of, the cleanest first.
 * The last is T − 1 unless given explicitly, so that sampling can start from pure noise.
 */
export function selectTimesteps({ family, timesteps, states, spacing, indices }: SpacingOptions): number[] {
  const steps = Array.from({ length: states }, (_, i) => i);
  const fraction = (i: number) => (states === 1 ? 1 : i / (states - 1));
  switch (spacing) {
    case 'Explicit':
      return [...(indices ?? [])];
    case 'Uniform':
      return steps.map((i) => Math.floor(((i + 1) * timesteps) / states) - 1);
    case 'Quadratic':
      // Even in √t, as DDIM's "quad", but ending at T − 1; the first is as far from 0 as the second from the first in √t.
      return toDistinct(
        steps.map((i) => timesteps * ((i + 1) / states) ** 2 - 1),
        timesteps,
      );
    case 'LogSNR': {
      const curve = alphaBars(family, timesteps).map(logSnr);
      const [top, bottom] = [curve[0] as number, curve[timesteps - 1] as number];
      return toDistinct(
        invertFalling(
          curve,
          steps.map((i) => top + (bottom - top) * fraction(i)),
        ),
        timesteps,
      );
    }
  }
}
