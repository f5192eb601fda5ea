import { stepCoefficients } from './ddim.ts';
import type { LatentState } from './latentStates.ts';
import { type Prediction, targetCoefficients } from './prediction.ts';

/** Data drawn from N(mean, deviation²), independently per value: there the best model is known and linear. */
export interface GaussianData {
  mean: number;
  deviation: number;
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

/**
 * What the best samples have of the data's contrast where pixels are normal and independent: root mean square of their
 * deviations over that of the data's. Few states lose some of it with perfect models too: 0.74 of ten uniform states at a
 * deviation of 0.5. NaN where the data have no contrast.
 */
export function expectedContrast(
  states: readonly Pick<LatentState, 'alphaBar'>[],
  data: readonly GaussianData[],
  eta: number,
): number {
  const levels = states.map(({ alphaBar }) => alphaBar);
  const energy = (deviations: readonly number[]) => deviations.reduce((sum, deviation) => sum + deviation ** 2, 0);
  const drawn = data.map((value) => (value.deviation === 0 ? 0 : gaussianOracle(value, levels, eta).deviation));
  return Math.sqrt(energy(drawn) / energy(data.map(({ deviation }) => deviation)));
}

/** Training losses, mean squared errors in the prediction's own unit, that tell what another loss is worth. */
export interface YardstickLosses {
  /** Of a network that gives zeros, as ours do before their first step. */
  untrained: number;
  /** Of the best affine function per value, which knows mean and deviation of the data and nothing of their structure. */
  affine: number;
}

/** Of one state, averaged over the values of an image. */
export function yardstickLosses(
  prediction: Prediction,
  alphaBar: number,
  data: readonly GaussianData[],
): YardstickLosses {
  const { image, noise } = targetCoefficients(prediction, alphaBar);
  const [rootSignal, rootNoise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  let [untrained, affine] = [0, 0];
  for (const { mean, deviation } of data) {
    const variance = deviation ** 2;
    const target = image ** 2 * variance + noise ** 2;
    const shared = image * rootSignal * variance + noise * rootNoise; // covariance of target and x
    untrained += image ** 2 * mean ** 2 + target;
    affine += target - shared ** 2 / (alphaBar * variance + 1 - alphaBar);
  }
  return { untrained: untrained / data.length, affine: affine / data.length };
}
