import { expectedContrast, type GaussianData } from './gaussian.ts';
import { type LatentState, latentStates, reachesNoise } from './latentStates.ts';
import { type Family, families } from './schedule.ts';
import { type Spacing, spacings } from './spacing.ts';

/** Of a spec's `schedule`, what decides the levels of its states. ᾱ are mapped. */
export interface SuggestedSchedule {
  family: Family;
  timesteps: number;
  states: number;
  spacing: Spacing;
  /** Contrast of the best samples; see {@link expectedContrast}. */
  contrast: number;
  /** ᾱ of the noisiest state. */
  noisiest: number;
}

/** By how much contrast has to grow for another schedule to be worth training all models anew. */
const worthwhile = 1.05;

/** The schedule in use. */
export interface UsedSchedule {
  family: Family;
  timesteps: number;
  states: readonly LatentState[];
  eta: number;
}

function judged(
  { eta, timesteps }: UsedSchedule,
  data: readonly GaussianData[],
  family: Family,
  spacing: Spacing,
  count: number,
): SuggestedSchedule[] {
  const states = latentStates({ family, timesteps, states: count, spacing, alphas: 'Mapped' });
  if (!reachesNoise(states)) return [];
  const contrast = expectedContrast(states, data, eta);
  return [{ family, timesteps, states: count, spacing, contrast, noisiest: states.at(-1)?.alphaBar ?? 1 }];
}

/**
 * A schedule that keeps more of the data's contrast and begins at noise: other spacings first, then other families too, then
 * twice the states. undefined where none of them would, so that the schedule is not what is wrong.
 */
export function suggestSchedule(used: UsedSchedule, data: readonly GaussianData[]): SuggestedSchedule | undefined {
  const chosen = spacings.filter((spacing) => spacing !== 'Explicit');
  const least = reachesNoise(used.states) ? worthwhile * expectedContrast(used.states, data, used.eta) : 0;
  const count = used.states.length;
  const tries: [readonly Family[], number][] = [
    [[used.family], count],
    [families, count],
    [[used.family], 2 * count],
  ];
  for (const [among, states] of tries) {
    if (states > used.timesteps) continue;
    const found = among
      .flatMap((family) => chosen.flatMap((spacing) => judged(used, data, family, spacing, states)))
      .sort((a, b) => b.contrast - a.contrast)[0];
    if (found !== undefined && found.contrast >= least) return found;
  }
  return undefined;
}
