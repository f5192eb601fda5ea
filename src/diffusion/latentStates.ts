import { alphaBars } from './schedule.ts';
import { type SpacingOptions, selectTimesteps } from './spacing.ts';

/** A latent state: one noise level that a model learns to remove. */
export interface LatentState {
  /** 0 … S − 1, 0 the cleanest. */
  index: number;
  /** τ, 0-based in the T-schedule. */
  timestep: number;
  /** ᾱ of this state, in (0, 1). */
  alphaBar: number;
}

/** Where the ᾱ of a state comes from. */
export const alphasKinds = ['Mapped', 'Recomputed'] as const;
export type Alphas = (typeof alphasKinds)[number];

export interface ScheduleOptions extends SpacingOptions {
  /** Mapped reads ᾱ at τ from the T-schedule; Recomputed takes a fresh S-step schedule (arXiv 2508.14413, the ablation). */
  alphas: Alphas;
}

/** The S latent states of a schedule, ᾱ strictly falling. */
export function latentStates(schedule: ScheduleOptions): LatentState[] {
  const timesteps = selectTimesteps(schedule);
  const mapped = schedule.alphas === 'Mapped';
  const levels = alphaBars(schedule.family, mapped ? schedule.timesteps : schedule.states);
  return timesteps.map((timestep, index) => ({
    index,
    timestep,
    alphaBar: levels[mapped ? timestep : index] as number,
  }));
}

/** The K = S/g models, each with its g neighbouring states. */
export function partitionModels(states: readonly LatentState[], statesPerModel: number): LatentState[][] {
  return Array.from({ length: states.length / statesPerModel }, (_, index) =>
    states.slice(index * statesPerModel, (index + 1) * statesPerModel),
  );
}

/** The states of one of the K models. @param model 0 … K − 1 */
export function statesOfModel(schedule: ScheduleOptions & { statesPerModel: number }, model: number): LatentState[] {
  return partitionModels(latentStates(schedule), schedule.statesPerModel)[model] ?? [];
}

/** Largest √ᾱ of the noisiest state at which N(0, I) is a fair start; Stable Diffusion's 0.068 is a known flaw (arXiv 2305.08891). */
export const largestSignalAtStart = 0.05;

/** Whether so little of the image is left at the noisiest state that sampling may start from N(0, I). */
export function reachesNoise(states: readonly LatentState[]): boolean {
  return Math.sqrt(states.at(-1)?.alphaBar ?? 1) <= largestSignalAtStart;
}
