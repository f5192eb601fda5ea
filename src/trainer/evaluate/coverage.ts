import { coverageText } from '../../api/coverage.ts';
import { formatRanges } from '../../api/ranges.ts';
import type { Sampling } from '../../api/spec/sampling.ts';
import { type LatentState, reachesNoise } from '../../diffusion/latentStates.ts';
import { type Manifest, statesOf } from '../artifacts/bundle.ts';
import type { Report } from '../artifacts/report.ts';

type Coverage = NonNullable<Report['coverage']>;

const levelOf = ({ index, timestep, alphaBar }: LatentState) =>
  `state ${index} (τ = ${timestep}, √ᾱ = ${Number(Math.sqrt(alphaBar).toPrecision(3))})`;

function startCaveat(states: readonly LatentState[], noisiest: LatentState, start: Sampling['start']): string {
  const from = `The noisiest state has no model: sampling begins at ${levelOf(noisiest)}`;
  if (start === 'MomentMatched') return `${from}, from a normal with the data's moments at that state.`;
  return reachesNoise(states)
    ? `${from}, from N(0, I).`
    : `${from}, from N(0, I), which is not what its model has learned from; sampling.start MomentMatched would be nearer.`;
}

/**
 * What a reader has to know of samples of a bundle in which states have no model. DDIM's step leads between any two noise
 * levels, since its marginals are the same for every list of states (Song et al. 2021, section 4.2): a hole makes a step longer,
 * as fewer states do.
 * @returns undefined where all states have one
 */
export function coverageOf(manifest: Manifest, { start }: Pick<Sampling, 'start'>): Coverage | undefined {
  const { missing } = manifest;
  if (missing === undefined) return undefined;
  const visited = statesOf(manifest);
  const [cleanest, noisiest] = [visited[0], visited.at(-1)];
  const count = visited.length + missing.length;
  const indices = missing.map(({ index }) => index).sort((a, b) => a - b);
  const without = indices.length === 1 ? `state ${indices[0]} has` : `states ${formatRanges(indices)} have`;
  const caveats = [
    `Coverage ${coverageText(visited.length, count)}: ${without} no model, and each step leads to the next state that has one.`,
  ];
  if (noisiest !== undefined && noisiest.index < count - 1) caveats.push(startCaveat(visited, noisiest, start));
  if (cleanest !== undefined && cleanest.index > 0)
    caveats.push(`The cleanest state has no model: the last step leads from ${levelOf(cleanest)} to the image.`);
  return { states: count, missing, caveats };
}
