import type { GaussianData } from '../../src/diffusion/gaussian.ts';
import { type Prediction, targetCoefficients } from '../../src/diffusion/prediction.ts';

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
