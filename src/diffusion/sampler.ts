import type { LatentState } from './latentStates.ts';
import type { Prediction } from './prediction.ts';

/** Values of some samples: float32 as the trainer has them, or float64 as the reference does. */
export type Values = Float32Array | Float64Array;

/** What one composed step is made from. All values have x's length. */
export interface Step {
  x: Values;
  /** What the model of the state makes of x, and what that is. */
  output: Values;
  prediction: Prediction;
  state: LatentState;
  /** The next cleaner of the listed states; undefined after the cleanest, where the step ends at an image. */
  next: LatentState | undefined;
  /** η: 0 deterministic … 1 as noisy as DDPM. */
  eta: number;
  /** Clip x̂0 to [−1, 1] and derive ε̂ anew. */
  clip: boolean;
  /** z ~ N(0, I) of this step; a sampler that adds no noise does not ask for it. */
  noise: () => Values;
  /** x̂0 of the steps before, the latest first, as many as the sampler looks back on. */
  history: readonly Values[];
}

/** Where a step leads, in new arrays of x's kind. */
export interface Stepped {
  x: Values;
  /** x̂0, the image that the step was made from. */
  image: Values;
}

/** Composes models of single states to a sampler, a step at a time. */
export interface Sampler {
  /** Steps that it looks back on. */
  history: number;
  step: (step: Step) => Stepped;
}
