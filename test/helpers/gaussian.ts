import { stepCoefficients } from '../../src/diffusion/ddim.ts';
import { type Prediction, targetCoefficients } from '../../src/diffusion/prediction.ts';

/** Data drawn from N(mean, deviation²), independently per pixel: there the best model is known and linear. */
export interface GaussianData {
  mean: number;
  deviation: number;
}

/** The exact denoiser E[target | x] of Gaussian data at noise level ᾱ. */
export function gaussianDenoiser(
  { mean, deviation }: GaussianData,
  prediction: Prediction,
  alphaBar: number,
): (x: number) => number {
  const variance = alphaBar * deviation ** 2 + 1 - alphaBar;
  const target = targetCoefficients(prediction, alphaBar);
  return (x) => {
    const residual = (x - Math.sqrt(alphaBar) * mean) / variance;
    const image = mean + Math.sqrt(alphaBar) * deviation ** 2 * residual;
    const noise = Math.sqrt(1 - alphaBar) * residual;
    return target.image * image + target.noise * noise;
  };
}

/**
 * Mean and deviation of what the composed sampler draws with exact denoisers from x ~ N(0, 1), in closed form: with
 * y = x − √ᾱ·mean every step is y′ = gain·y + σz.
 * @param levels ᾱ of the states, the cleanest first
 */
export function gaussianOracle(
  { mean, deviation }: GaussianData,
  levels: readonly number[],
  eta: number,
): GaussianData {
  let gain = 1;
  let variance = 1;
  for (let i = levels.length - 1; i >= 0; i--) {
    const alphaBar = levels[i] as number;
    const step = stepCoefficients(alphaBar, levels[i - 1] ?? 1, eta);
    const total = alphaBar * deviation ** 2 + 1 - alphaBar;
    const own = (step.image * Math.sqrt(alphaBar) * deviation ** 2 + step.noise * Math.sqrt(1 - alphaBar)) / total;
    gain *= own;
    variance = own ** 2 * variance + step.sigma ** 2;
  }
  const bias = -gain * Math.sqrt(levels.at(-1) ?? 0) * mean;
  return { mean: mean + bias, deviation: Math.sqrt(variance) };
}
