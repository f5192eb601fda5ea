import type { Sampling } from '../../api/spec/sampling.ts';
import { imageCoefficients, nextAlphaBar, type Prediction, stepCoefficients } from '../../diffusion/ddim.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import { normals, streams } from '../../diffusion/random.ts';
import type { Denoise } from './denoiser.ts';

/** Streams of step noise that one sample has at most: S ≤ 4096. */
const statesPerSample = 4096;

export interface WalkOptions {
  /** Cleanest first. */
  states: readonly LatentState[];
  sampling: Pick<Sampling, 'eta' | 'seed' | 'clip' | 'batchSize'>;
  /** Values of one image. */
  size: number;
  /** First sample and how many. */
  first: number;
  count: number;
  predictionOf: (state: LatentState) => Prediction;
  denoiserOf: (state: LatentState) => Promise<Denoise>;
  /** Mean and deviation per pixel of the data, to start from a normal matched to it; N(0, I) where left out. */
  moments?: { mean: Float32Array; deviation: Float32Array } | undefined;
  /** Called before the first step and after each, with all samples; may throw to stop. */
  onStep: (x: Float32Array, stepsDone: number) => Promise<void>;
}

/** The first x of a sample, a function of (seed, sample). */
function startOf(sample: number, { size, sampling, states, moments }: WalkOptions): Float64Array {
  const noise = normals(sampling.seed, streams.start, sample, size);
  if (moments === undefined) return noise;
  const alphaBar = states.at(-1)?.alphaBar ?? 0;
  const { mean, deviation } = moments;
  return noise.map(
    (z, i) =>
      Math.sqrt(alphaBar) * (mean[i] as number) +
      Math.sqrt(alphaBar * (deviation[i] as number) ** 2 + 1 - alphaBar) * z,
  );
}

/**
 * Walks samples from the noisiest state to the cleanest, each step by that state's own model (the composed sampler of
 * diffusion/ddim.ts). States are the outer loop, so that every model is loaded once; batches have one fixed size, so that
 * a sample depends neither on its batch nor on its shard.
 * @returns the samples, count × size, within [−1, 1] where clipped
 */
export async function walk(options: WalkOptions): Promise<Float32Array> {
  const { states, sampling, size, first, count, predictionOf, denoiserOf, onStep } = options;
  const { batchSize, eta, seed, clip } = sampling;
  const x = new Float32Array(count * size);
  for (let i = 0; i < count; i++) x.set(startOf(first + i, options), i * size);
  await onStep(x, 0);
  const batch = new Float32Array(batchSize * size);
  for (const [done, state] of states.toReversed().entries()) {
    const { alphaBar } = state;
    const denoise = await denoiserOf(state);
    const toImage = imageCoefficients(predictionOf(state), alphaBar);
    const step = stepCoefficients(alphaBar, nextAlphaBar(states, state.state), eta);
    const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
    for (let from = 0; from < count; from += batchSize) {
      const part = x.subarray(from * size, Math.min(count, from + batchSize) * size);
      batch.fill(0);
      batch.set(part);
      const output = denoise(batch);
      for (let i = 0; i < part.length; i++) {
        const value = part[i] as number;
        const predicted = toImage.x * value + toImage.output * (output[i] as number);
        const image = clip ? Math.min(1, Math.max(-1, predicted)) : predicted;
        part[i] = step.image * image + (step.noise * (value - signal * image)) / noise;
      }
      if (step.sigma === 0) continue;
      for (let i = 0; i < part.length / size; i++) {
        const z = normals(seed, streams.walk, (first + from + i) * statesPerSample + state.state, size);
        for (let p = 0; p < size; p++)
          part[i * size + p] = (part[i * size + p] as number) + step.sigma * (z[p] as number);
      }
    }
    await onStep(x, done + 1);
  }
  return x;
}
