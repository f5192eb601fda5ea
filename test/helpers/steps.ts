import { type Prediction, targetCoefficients } from '../../src/diffusion/prediction.ts';
import { seedPair, streams } from '../../src/diffusion/random.ts';
import type { InputValues } from '../../src/trainer/engine/program.ts';
import { type Conditioning, unconditioned } from '../../src/trainer/model/conditioning.ts';
import type { UnetConfig } from '../../src/trainer/model/parameters.ts';
import { formulaImages } from './unet.ts';

/** Latent states for tests: the cleaner and the noisier half of a batch. */
const states = [
  { alphaBar: 0.97, timestep: 30 },
  { alphaBar: 0.04, timestep: 700 },
] as const;

/** Inputs of the step-th step (0-based) of a small model; a model that is told nothing has one state. */
export function stepInputs(
  { imageSize, imageChannels }: UnetConfig,
  conditioning: Conditioning,
  batchSize: number,
  prediction: Prediction,
  step: number,
): InputValues {
  const chosen = Array.from(
    { length: batchSize },
    (_, i) => states[conditioning === unconditioned ? 0 : i % 2] as (typeof states)[number],
  );
  const target = chosen.map(({ alphaBar }) => targetCoefficients(prediction, alphaBar));
  return {
    images: formulaImages(batchSize * imageSize ** 2 * imageChannels).map((value) => value * Math.cos(step)),
    seed: Int32Array.from(seedPair(5, streams.noise, step)),
    signal: Float32Array.from(chosen, ({ alphaBar }) => Math.sqrt(alphaBar)),
    noise: Float32Array.from(chosen, ({ alphaBar }) => Math.sqrt(1 - alphaBar)),
    targetImage: Float32Array.from(target, ({ image }) => image),
    targetNoise: Float32Array.from(target, ({ noise }) => noise),
    ...conditioning.values(chosen),
    learningRate: Float32Array.of(2e-3),
    decay: Float32Array.of(0.9),
    correction1: Float32Array.of(1 / (1 - 0.9 ** (step + 1))),
    correction2: Float32Array.of(1 / (1 - 0.999 ** (step + 1))),
  };
}
