import type { LatentState } from './latentStates.ts';

/** What a network predicts. */
export const predictions = ['Epsilon', 'V', 'X0'] as const;
export type Prediction = (typeof predictions)[number];

/** x̂0 = x·(of x) + output·(of output), for a network that predicts ε, v or x0. */
export function imageCoefficients(prediction: Prediction, alphaBar: number): { x: number; output: number } {
  const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  switch (prediction) {
    case 'Epsilon':
      return { x: 1 / signal, output: -noise / signal };
    case 'V':
      return { x: signal, output: -noise };
    case 'X0':
      return { x: 0, output: 1 };
  }
}

/** The training target is x0·(of image) + ε·(of noise). */
export function targetCoefficients(prediction: Prediction, alphaBar: number): { image: number; noise: number } {
  switch (prediction) {
    case 'Epsilon':
      return { image: 0, noise: 1 };
    case 'V':
      return { image: -Math.sqrt(1 - alphaBar), noise: Math.sqrt(alphaBar) };
    case 'X0':
      return { image: 1, noise: 0 };
  }
}

/** One composed step x ← image·x̂0 + noise·ε̂ + sigma·z, from ᾱ to ᾱ′. */
export interface StepCoefficients {
  image: number;
  noise: number;
  sigma: number;
}

/**
 * DDIM (Song et al. 2021, eq. 12 and 16) between two listed states: never t − T/S, which is wrong for irregular subsets.
 * @param next ᾱ of the next cleaner state, 1 after the last
 * @param eta 0 deterministic … 1 as noisy as DDPM
 */
export function stepCoefficients(alphaBar: number, next: number, eta: number): StepCoefficients {
  const sigma = eta * Math.sqrt((1 - next) / (1 - alphaBar)) * Math.sqrt(1 - alphaBar / next);
  return { image: Math.sqrt(next), noise: Math.sqrt(Math.max(0, 1 - next - sigma ** 2)), sigma };
}

/** ᾱ that the walk goes to from a state: the next cleaner state's, and 1 from state 0. */
export const nextAlphaBar = (states: readonly LatentState[], index: number): number => states[index - 1]?.alphaBar ?? 1;

export interface ComposeOptions {
  /** Cleanest first. */
  states: readonly LatentState[];
  prediction: Prediction;
  /** The model of a state: its output for x, of x's length. */
  denoise: (x: Float64Array, state: LatentState) => Float64Array;
  /** The first x. */
  start: Float64Array;
  eta: number;
  /** Clip x̂0 to [−1, 1] and derive ε̂ anew. */
  clip: boolean;
  /** z of a state's step, of x's length; called only where σ > 0. */
  noise: (state: LatentState) => Float64Array;
}

/** The composed sampler in float64: the reference that the trainer's tensors are tested against. */
export function composeDdim({ states, prediction, denoise, start, eta, clip, noise }: ComposeOptions): Float64Array {
  return states.toReversed().reduce((x, state) => {
    const { alphaBar } = state;
    const output = denoise(x, state);
    const toImage = imageCoefficients(prediction, alphaBar);
    const step = stepCoefficients(alphaBar, nextAlphaBar(states, state.index), eta);
    const z = step.sigma > 0 ? noise(state) : undefined;
    return x.map((value, i) => {
      const predicted = toImage.x * value + toImage.output * (output[i] as number);
      const image = clip ? Math.min(1, Math.max(-1, predicted)) : predicted;
      const epsilon = (value - Math.sqrt(alphaBar) * image) / Math.sqrt(1 - alphaBar);
      return step.image * image + step.noise * epsilon + step.sigma * (z?.[i] ?? 0);
    });
  }, start);
}
