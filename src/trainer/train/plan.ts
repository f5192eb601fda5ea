import type { Training } from '../../api/spec/training.ts';
import type { TrainTask } from '../../api/task.ts';
import { createDataOrder } from '../../diffusion/dataOrder.ts';
import { targetCoefficients } from '../../diffusion/prediction.ts';
import { randomBelow, seedPair, streams } from '../../diffusion/random.ts';
import { bytesPerImage, type ImageSet, toUnit } from '../data/images.ts';
import type { InputValues } from '../engine/program.ts';
import type { UnetConfig } from '../model/parameters.ts';
import { embeddedTime } from '../model/unet.ts';

/** How long the average's half-life may be, as a part of the images seen: the first weights are forgotten (EDM). */
const emaRampUp = 0.05;

/** Optimizer steps of a model: images rounded up to whole batches. */
export const stepCount = ({ images, batchSize }: Training): number => Math.ceil(images / batchSize);

export function unetConfigOf({ dataset, model, states }: Pick<TrainTask, 'dataset' | 'model' | 'states'>): UnetConfig {
  return {
    ...model,
    imageSize: dataset.image.size,
    imageChannels: dataset.image.channels,
    timeEmbedding: states.length > 1,
  };
}

/** Learning rate once `images` have been seen: linear warm-up, then constant. */
export function learningRate({ optimizer }: Training, images: number): number {
  return optimizer.learningRate * (optimizer.warmupImages === 0 ? 1 : Math.min(1, images / optimizer.warmupImages));
}

/** Weight of the old average in the step that brings the images seen to `images`. */
export function emaDecay({ ema, batchSize }: Training, images: number): number {
  const halfLife = Math.min(ema.halfLifeImages, images * emaRampUp);
  return halfLife === 0 ? 0 : 0.5 ** (batchSize / halfLife);
}

/**
 * Inputs of the step-th optimizer step (0-based): functions of the task, the data and the step alone, which is what makes
 * resuming exact.
 */
export function createStepInputs(
  { states, timesteps, training }: TrainTask,
  config: UnetConfig,
  data: ImageSet,
): (step: number) => InputValues {
  const { batchSize, seed, prediction, optimizer } = training;
  const size = bytesPerImage(data.shape);
  const batchOf = createDataOrder(seed, data.count);
  const perState = states.map(({ alphaBar, timestep }) => ({
    signal: Math.sqrt(alphaBar),
    noise: Math.sqrt(1 - alphaBar),
    target: targetCoefficients(prediction, alphaBar),
    timestep: embeddedTime(timestep, timesteps),
  }));
  return (step) => {
    const seen = step * batchSize;
    const images = new Float32Array(batchSize * size);
    batchOf(seen, batchSize).forEach((index, i) => {
      for (let p = 0; p < size; p++) images[i * size + p] = toUnit(data.pixels[index * size + p] as number);
    });
    const chosen = Array.from(
      { length: batchSize },
      (_, i) =>
        perState[
          states.length === 1 ? 0 : randomBelow(states.length, seed, streams.states, step, i)
        ] as (typeof perState)[number],
    );
    return {
      images,
      seed: Int32Array.from(seedPair(seed, streams.noise, step)),
      signal: Float32Array.from(chosen, (state) => state.signal),
      noise: Float32Array.from(chosen, (state) => state.noise),
      targetImage: Float32Array.from(chosen, (state) => state.target.image),
      targetNoise: Float32Array.from(chosen, (state) => state.target.noise),
      ...(config.timeEmbedding ? { timestep: Float32Array.from(chosen, (state) => state.timestep) } : {}),
      learningRate: Float32Array.of(learningRate(training, seen + batchSize)),
      decay: Float32Array.of(emaDecay(training, seen + batchSize)),
      correction1: Float32Array.of(1 / (1 - optimizer.beta1 ** (step + 1))),
      correction2: Float32Array.of(1 / (1 - optimizer.beta2 ** (step + 1))),
    };
  };
}
