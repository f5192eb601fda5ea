import { imageCoefficients } from './prediction.ts';
import type { Sampler, Step, Stepped } from './sampler.ts';

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

/**
 * x′ = √ᾱ′·x̂0 + √(1 − ᾱ′ − σ²)·ε̂ + σ·z (Song et al. 2021, eq. 12), where x̂0 follows from the model's output and
 * ε̂ = (x − √ᾱ·x̂0) / √(1 − ᾱ). Where x̂0 is clipped, ε̂ is that of the clipped one.
 */
function ddimStep({ x, output, prediction, state: { alphaBar }, next, eta, clip, noise }: Step): Stepped {
  const toImage = imageCoefficients(prediction, alphaBar);
  const to = stepCoefficients(alphaBar, next?.alphaBar ?? 1, eta);
  const [rootSignal, rootNoise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  const z = to.sigma === 0 ? undefined : noise();
  const stepped = { x: x.slice(), image: x.slice() };
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number;
    const predicted = toImage.x * value + toImage.output * (output[i] as number);
    const image = clip ? Math.min(1, Math.max(-1, predicted)) : predicted;
    stepped.image[i] = image;
    stepped.x[i] = to.image * image + (to.noise * (value - rootSignal * image)) / rootNoise;
    if (z !== undefined) stepped.x[i] = (stepped.x[i] as number) + to.sigma * (z[i] as number);
  }
  return stepped;
}

export const ddim: Sampler = { history: 0, step: ddimStep };
