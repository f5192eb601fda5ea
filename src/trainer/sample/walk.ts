import { DdrError } from '../../api/errors.ts';
import type { Sampling } from '../../api/spec/sampling.ts';
import { imageCoefficients, nextAlphaBar, stepCoefficients } from '../../diffusion/ddim.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import { normals, streams } from '../../diffusion/random.ts';
import type { StateModel } from './denoiser.ts';

/** Streams of step noise that one sample has at most: S ≤ 4096. */
const statesPerSample = 4096;

/** Mean and deviation per pixel of the data. */
export interface Moments {
  mean: Float32Array;
  deviation: Float32Array;
}

export interface WalkOptions {
  /** Cleanest first. */
  states: readonly LatentState[];
  sampling: Pick<Sampling, 'eta' | 'seed' | 'clip' | 'batchSize'>;
  /** Values of one image. */
  size: number;
  /** First sample and how many. */
  first: number;
  count: number;
  modelOf: (state: LatentState) => Promise<StateModel>;
  /** To start from a normal matched to the data; N(0, I) where left out. */
  moments?: Moments | undefined;
  /** Of how many samples x̂0 is kept. */
  watched: number;
  /** Told before the first step, with the first x. */
  onStart: (x: Float32Array) => void;
  /** Told after each step, with all samples and with x̂0 of the watched ones, which the step was made from. */
  onStep: (x: Float32Array, predicted: Float32Array) => void;
  /** Told after every batch which part of the work is done, 0 … 1; may throw to stop. */
  onBatch: (done: number) => Promise<void>;
}

/** Some samples of the walk, [from, to) of its count, and their first place in a batch. */
interface Batch {
  place: number;
  from: number;
  to: number;
}

/**
 * Cuts [first, first + count) into batches such that a sample has the same place in its batch whatever the shard: sums
 * inside a kernel may be ordered by the place.
 */
function batchesOf({ first, count, sampling: { batchSize } }: WalkOptions): Batch[] {
  const batches: Batch[] = [];
  for (let start = first - (first % batchSize); start < first + count; start += batchSize) {
    const [from, to] = [Math.max(start, first), Math.min(start + batchSize, first + count)];
    batches.push({ place: from - start, from: from - first, to: to - first });
  }
  return batches;
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
 * Takes some samples from a state to the next cleaner one, in place: DDIM's step for what the model says of each.
 * @param images takes x̂0
 */
function takeStep(
  part: Float32Array,
  output: Float32Array,
  images: Float32Array,
  state: LatentState,
  { prediction }: StateModel,
  firstSample: number,
  { states, size, sampling: { eta, seed, clip } }: WalkOptions,
): void {
  const { alphaBar } = state;
  const toImage = imageCoefficients(prediction, alphaBar);
  const step = stepCoefficients(alphaBar, nextAlphaBar(states, state.state), eta);
  const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  for (let i = 0; i < part.length; i++) {
    const value = part[i] as number;
    const predicted = toImage.x * value + toImage.output * (output[i] as number);
    const image = clip ? Math.min(1, Math.max(-1, predicted)) : predicted;
    images[i] = image;
    part[i] = step.image * image + (step.noise * (value - signal * image)) / noise;
  }
  if (step.sigma === 0) return;
  for (let sample = 0; sample < part.length / size; sample++) {
    const z = normals(seed, streams.walk, (firstSample + sample) * statesPerSample + state.state, size);
    const x = part.subarray(sample * size, (sample + 1) * size);
    for (let i = 0; i < size; i++) x[i] = (x[i] as number) + step.sigma * (z[i] as number);
  }
}

/**
 * Walks samples from the noisiest state to the cleanest, each step by that state's own model (the composed sampler of
 * diffusion/ddim.ts). States are the outer loop, so that every model is loaded once; batches have one fixed size, so that
 * a sample depends neither on its batch nor on its shard.
 * @returns the samples, count × size, within [−1, 1] where clipped
 * @throws DdrError Diverged where a model gives values that are not finite
 */
export async function walk(options: WalkOptions): Promise<Float32Array> {
  const { states, sampling, size, first, count, watched, modelOf, onStart, onStep, onBatch } = options;
  const x = new Float32Array(count * size);
  const batches = batchesOf(options);
  for (const { from, to } of batches) {
    for (let i = from; i < to; i++) x.set(startOf(first + i, options), i * size);
    await onBatch(0);
  }
  onStart(x);
  const input = new Float32Array(sampling.batchSize * size);
  const images = new Float32Array(sampling.batchSize * size);
  const predicted = new Float32Array(watched * size);
  for (const [stepsDone, state] of states.toReversed().entries()) {
    const model = await modelOf(state);
    for (const [batchesDone, { place, from, to }] of batches.entries()) {
      const part = x.subarray(from * size, to * size);
      input.fill(0);
      input.set(part, place * size);
      const output = model.denoise(input).subarray(place * size, place * size + part.length);
      if (!output.every(Number.isFinite)) {
        throw new DdrError('Diverged', `the model of state ${state.state} gives values that are not finite`, {
          hint: 'Its training has diverged: lower training.optimizer.learningRate for this state in an override.',
        });
      }
      takeStep(part, output, images, state, model, first + from, options);
      if (from < watched) predicted.set(images.subarray(0, (Math.min(to, watched) - from) * size), from * size);
      await onBatch((stepsDone + (batchesDone + 1) / batches.length) / states.length);
    }
    onStep(x, predicted);
  }
  return x;
}
