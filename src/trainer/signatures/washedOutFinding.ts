import { expectedContrast, type GaussianData } from '../../diffusion/gaussian.ts';
import { reachesNoise } from '../../diffusion/latentStates.ts';
import { type SuggestedSchedule, suggestSchedule } from '../../diffusion/suggestion.ts';
import type { Finding } from '../artifacts/finding.ts';
import { contrastOf, isPale, isWashedOut } from './contrast.ts';
import type { Recorded } from './recorded.ts';
import { rounded } from './texts.ts';

/** Contrast that exact models keep with a schedule that nothing is wrong with: ten states, quadratic, keep 0.85 of MNIST's. */
const enough = 0.8;

function scheduleYaml({ family, timesteps, states, spacing }: SuggestedSchedule, { models }: Recorded): string {
  const perModel = models.length === 1 ? states : (models[0]?.states.length ?? 1);
  return `schedule: { family: ${family}, timesteps: ${timesteps}, states: ${states}, statesPerModel: ${perModel}, spacing: ${spacing}, alphas: Mapped }`;
}

type Remedy = Pick<Finding, 'remedy' | 'yaml'>;

/** Where the schedule is not to blame: what models of the noisiest state do with their errors, or how long they were trained. */
function betterModels({ models }: Recorded, exact: number): Remedy {
  const sound = `The schedule is not what is wrong: exact models would keep ${rounded(exact)} of the contrast.`;
  const noisiest = models.at(-1);
  if (noisiest?.prediction !== 'Epsilon') return { remedy: `${sound} Train longer, or larger models.`, yaml: '' };
  const alphaBar = noisiest.states.at(-1)?.alphaBar ?? 1;
  const times = rounded(Math.sqrt((1 - alphaBar) / alphaBar));
  return {
    remedy: `${sound} An error in ε counts ${times} times in x̂0 of the noisiest state: train with prediction V.`,
    yaml: 'training: { prediction: V }',
  };
}

function remedyOf(recorded: Recorded, data: readonly GaussianData[], exact: number, pale: boolean): Remedy {
  const { schedule, eta, models } = recorded;
  const states = models.flatMap((model) => model.states);
  const recomputed = schedule.alphas === 'Recomputed';
  const isSound = !recomputed && (exact >= enough || !pale) && reachesNoise(states);
  const better = isSound ? undefined : suggestSchedule({ ...schedule, states, eta }, data);
  if (better === undefined && !recomputed) return betterModels(recorded, exact);
  const cause = recomputed ? 'Recomputed ᾱ are known to do this: map them. ' : '';
  if (better === undefined) return { remedy: `${cause}Set schedule.alphas to Mapped.`, yaml: '' };
  const levels = `noisiest ᾱ ${rounded(better.noisiest)} instead of ${rounded(states.at(-1)?.alphaBar ?? 1)}`;
  return {
    remedy: `${cause}With ${better.states} ${better.family} states, spacing ${better.spacing} (${levels}), exact models keep ${rounded(better.contrast)} of the contrast, now ${rounded(exact)}.`,
    yaml: scheduleYaml(better, recorded),
  };
}

/** Samples whose contrast or mean is not the data's. @param data of the moments, see `summarize` */
export function washedOutFinding(recorded: Recorded, data: readonly GaussianData[]): Finding | undefined {
  const { samples } = recorded;
  const measured = samples && contrastOf(samples, recorded.data);
  if (measured === undefined || !isWashedOut(measured)) return undefined;
  const { contrast, shift } = measured;
  const pale = isPale(measured);
  const states = recorded.models.flatMap((model) => model.states);
  const exact = expectedContrast(states, data, recorded.eta);
  return {
    signature: 'WashedOut',
    states: '',
    message: `Samples ${pale ? 'are washed out' : 'have another mean than the data'}: ${rounded(contrast)} of the data's contrast, the mean ${rounded(shift)} deviations off.`,
    ...remedyOf(recorded, data, exact, pale),
    evidence: [
      {
        what: `${samples?.count} samples`,
        numbers: {
          'contrast, of the data’s': contrast,
          'with exact models': exact,
          'mean off by, in deviations': shift,
          'noisiest ᾱ': states.at(-1)?.alphaBar ?? 1,
        },
      },
    ],
  };
}
