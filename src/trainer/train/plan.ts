import type { Training } from '../../api/spec/training.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import { targetCoefficients } from '../../diffusion/prediction.ts';
import { randomBelow, randomChance, seedPair, streams } from '../../diffusion/random.ts';
import type { ImageCondition } from '../data/imageSource.ts';
import type { InputValues } from '../engine/program.ts';
import { type Conditioning, embeddedTime } from '../model/conditioning.ts';
import type { LearnedImages } from './learned.ts';
import { decayNames } from './optimizer.ts';

/** How long the average's half-life may be, as a part of the images seen: the first weights are forgotten (EDM). */
const emaRampUp = 0.05;

/** Images that a model sees: whole batches. */
export const imagesToSee = ({ images, batchSize }: Training): number => Math.ceil(images / batchSize) * batchSize;

/** Learning rate once `images` have been seen: linear warm-up, then constant. */
export function learningRate({ optimizer }: Training, images: number): number {
  return optimizer.learningRate * (optimizer.warmupImages === 0 ? 1 : Math.min(1, images / optimizer.warmupImages));
}

/** Weight of the old average of a half-life in the step that brings the images seen to `images`. */
export function emaDecay({ batchSize }: Pick<Training, 'batchSize'>, halfLifeImages: number, images: number): number {
  const halfLife = Math.min(halfLifeImages, images * emaRampUp);
  return halfLife === 0 ? 0 : 0.5 ** (batchSize / halfLife);
}

export interface StepSource {
  training: Training;
  states: readonly LatentState[];
  /** T. */
  timesteps: number;
  conditioning: Conditioning;
  images: Pick<LearnedImages, 'batch' | 'condition'>;
}

/** What the network is told of those images: of some nothing, as conditionDropout wants it. */
function conditionsOf({ training, images }: StepSource, first: number, size: number): Promise<ImageCondition[]> {
  const { conditionDropout, seed } = training;
  return Promise.all(
    Array.from({ length: size }, async (_, i) => {
      const dropped = conditionDropout > 0 && randomChance(conditionDropout, seed, streams.conditions, first + i);
      return dropped || images.condition === undefined ? {} : images.condition(first + i);
    }),
  );
}

/**
 * Inputs of the optimizer step that begins when `seen` images have been seen: functions of the task, the data and this
 * number alone, which is what makes resuming exact.
 */
export function createStepInputs(source: StepSource): (seen: number) => Promise<InputValues> {
  const { training, states, timesteps, conditioning, images } = source;
  const { batchSize, seed, prediction, optimizer } = training;
  const decays = decayNames(training.ema);
  const halfLives = [training.ema.halfLifeImages, ...training.ema.further];
  const levels = states.map(({ alphaBar, timestep }) => ({
    signal: Math.sqrt(alphaBar),
    noise: Math.sqrt(1 - alphaBar),
    target: targetCoefficients(prediction, alphaBar),
    timestep: embeddedTime(timestep, timesteps),
  }));
  const levelOf = (step: number, i: number) =>
    levels[
      levels.length === 1 ? 0 : randomBelow(levels.length, seed, streams.states, step, i)
    ] as (typeof levels)[number];
  return async (seen) => {
    const step = seen / batchSize;
    const chosen = Array.from({ length: batchSize }, (_, i) => levelOf(step, i));
    const told = await conditionsOf(source, seen, batchSize);
    return {
      images: await images.batch(seen, batchSize),
      seed: Int32Array.from(seedPair(seed, streams.noise, step)),
      signal: Float32Array.from(chosen, ({ signal }) => signal),
      noise: Float32Array.from(chosen, ({ noise }) => noise),
      targetImage: Float32Array.from(chosen, ({ target }) => target.image),
      targetNoise: Float32Array.from(chosen, ({ target }) => target.noise),
      ...conditioning.values(chosen.map(({ timestep }, i) => ({ ...told[i], timestep }))),
      learningRate: Float32Array.of(learningRate(training, seen + batchSize)),
      ...Object.fromEntries(
        halfLives.map((halfLife, i) => [
          decays[i] as string,
          Float32Array.of(emaDecay(training, halfLife, seen + batchSize)),
        ]),
      ),
      correction1: Float32Array.of(1 / (1 - optimizer.beta1 ** (step + 1))),
      correction2: Float32Array.of(1 / (1 - optimizer.beta2 ** (step + 1))),
    };
  };
}
