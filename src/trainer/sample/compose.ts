import { DdrError } from '../../api/errors.ts';
import type { Sampling } from '../../api/spec/sampling.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import type { Sampler, Stepped } from '../../diffusion/sampler.ts';
import type { ImageCondition } from '../data/imageSource.ts';
import type { Moments } from '../data/moments.ts';
import { type Batch, batchesOf } from './batches.ts';
import type { StateModel } from './denoiser.ts';
import { startOf, stepNoise } from './noise.ts';

export interface ComposeOptions {
  sampler: Sampler;
  /** Those that have a model, the cleanest first. */
  states: readonly LatentState[];
  sampling: Pick<Sampling, 'eta' | 'seed' | 'clip' | 'batchSize'>;
  /** Values of one sample, as a network sees it. */
  size: number;
  /** First sample and how many. */
  first: number;
  count: number;
  modelOf: (state: LatentState) => Promise<StateModel>;
  /** What a sample is to show; nothing where left out. */
  conditionOf?: (sample: number) => Promise<ImageCondition>;
  /** To start from a normal matched to the data; N(0, I) where left out. */
  moments?: Moments | undefined;
  /** Of how many samples x̂0 is kept for `onStep`. */
  watched: number;
  /** Told before the first step, with the first x. */
  onStart: (x: Float32Array) => void;
  /** Told after each step, with all samples and with x̂0 of the watched ones, which the step was made from. */
  onStep: (x: Float32Array, predicted: Float32Array) => void;
  /** Told after every batch which part of the work is done, 0 … 1; may throw to stop. */
  onBatch: (done: number) => Promise<void>;
}

/** x of all samples, and x̂0 of the steps before, the latest first, where the sampler looks back on them. */
interface Samples {
  x: Float32Array;
  history: Float32Array[];
}

/**
 * Takes samples from the noisiest state to the cleanest of those that have a model, each step by that state's own model. States are the outer loop,
 * so that every model is loaded once; batches have one fixed size, so that a sample depends neither on its batch nor on
 * its shard.
 * @returns the samples, count × size, within [−1, 1] where clipped
 * @throws DdrError Diverged where a model gives values that are not finite
 */
export async function compose(options: ComposeOptions): Promise<Float32Array> {
  const { sampler, states, sampling, size, first, count, watched, modelOf, onStart, onStep, onBatch } = options;
  const batches = batchesOf(first, count, sampling.batchSize);
  const samples: Samples = { x: await drawStart(batches, options), history: [] };
  onStart(samples.x);
  const predicted = new Float32Array(watched * size);
  for (const [stepsDone, state] of states.toReversed().entries()) {
    const model = await modelOf(state);
    const next = states[states.length - 2 - stepsDone]; // the next listed one: between them may be states without a model
    const images = sampler.history > 0 ? new Float32Array(count * size) : undefined;
    for (const [batchesDone, batch] of batches.entries()) {
      const { from, to } = batch;
      const { x, image } = await stepBatch(batch, samples, { state, next }, model, options);
      samples.x.set(x, from * size);
      images?.set(image, from * size);
      if (from < watched) predicted.set(image.subarray(0, (Math.min(to, watched) - from) * size), from * size);
      await onBatch((stepsDone + (batchesDone + 1) / batches.length) / states.length);
    }
    if (images !== undefined) samples.history = [images, ...samples.history].slice(0, sampler.history);
    onStep(samples.x, predicted);
  }
  return samples.x;
}

async function drawStart(
  batches: readonly Batch[],
  { states, sampling: { seed }, size, first, count, moments, onBatch }: ComposeOptions,
): Promise<Float32Array> {
  const x = new Float32Array(count * size);
  const noisiest = states.at(-1)?.alphaBar ?? 0;
  for (const { from, to } of batches) {
    for (let i = from; i < to; i++) x.set(startOf(seed, first + i, size, noisiest, moments), i * size);
    await onBatch(0);
  }
  return x;
}

/** Conditions of a batch's samples at their places; none elsewhere. */
async function conditionsOf(
  { place, from, to }: Batch,
  { conditionOf, first, sampling: { batchSize } }: ComposeOptions,
): Promise<ImageCondition[]> {
  const conditions = new Array<ImageCondition>(batchSize).fill({});
  if (conditionOf === undefined) return conditions;
  for (let i = from; i < to; i++) conditions[place + i - from] = await conditionOf(first + i);
  return conditions;
}

/** The step of one batch from a state to the next cleaner one, or to the image. */
async function stepBatch(
  batch: Batch,
  samples: Samples,
  { state, next }: { state: LatentState; next: LatentState | undefined },
  { prediction, denoise }: StateModel,
  options: ComposeOptions,
): Promise<Stepped> {
  const { place, from, to } = batch;
  const { sampler, sampling, size, first } = options;
  const { eta, clip, seed, batchSize } = sampling;
  const own = (values: Float32Array) => values.subarray(from * size, to * size);
  const input = new Float32Array(batchSize * size); // zeros where the batch has none of this shard's samples
  input.set(own(samples.x), place * size);
  const output = denoise(input, await conditionsOf(batch, options)).subarray(place * size, (place + to - from) * size);
  if (!output.every(Number.isFinite)) {
    throw new DdrError('Diverged', `the model of state ${state.index} gives values that are not finite`, {
      hint: 'Its training has diverged: lower training.optimizer.learningRate for this state in an override.',
    });
  }
  return sampler.step({
    x: own(samples.x),
    output,
    prediction,
    state,
    next,
    eta,
    clip,
    noise: () => stepNoise(seed, first + from, to - from, state.index, size),
    history: samples.history.map(own),
  });
}
