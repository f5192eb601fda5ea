import { ddim } from '../../src/diffusion/ddim.ts';
import type { LatentState } from '../../src/diffusion/latentStates.ts';
import type { Prediction } from '../../src/diffusion/prediction.ts';

export interface ComposeOptions {
  /** Cleanest first. */
  states: readonly LatentState[];
  prediction: Prediction;
  /** The model of a state: its output for x, of x's length. */
  denoise: (x: Float64Array, state: LatentState) => Float64Array;
  /** The first x. */
  start: Float64Array;
  eta: number;
  clip: boolean;
  /** z of a state's step, of x's length. */
  noise: (state: LatentState) => Float64Array;
}

/** The composed sampler in float64, without batches or shards: what the trainer's loop is tested against. */
export function composeDdim({ states, denoise, start, noise, ...options }: ComposeOptions): Float64Array {
  let x = start;
  for (const state of states.toReversed()) {
    const [output, next] = [denoise(x, state), states[state.index - 1]];
    const stepped = ddim.step({ ...options, x, output, state, next, noise: () => noise(state), history: [] });
    x = stepped.x as Float64Array; // of x's kind
  }
  return x;
}
