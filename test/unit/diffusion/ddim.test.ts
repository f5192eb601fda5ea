import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeDdim, type Prediction } from '../../../src/diffusion/ddim.ts';
import { latentStates } from '../../../src/diffusion/latentStates.ts';
import type { Family } from '../../../src/diffusion/schedule.ts';
import { type GaussianData, gaussianDenoiser, gaussianOracle } from '../../helpers/gaussian.ts';

const data: GaussianData = { mean: 0.3, deviation: 0.5 };

const statesOf = (states: number, alphas: 'Mapped' | 'Recomputed' = 'Mapped', family: Family = 'Linear') =>
  latentStates({ family, timesteps: 1000, states, spacing: 'Uniform', alphas });

/** With η = 0 the sampler is affine in its start, so two starts give its gain and its offset exactly. */
function sampledMoments(states: ReturnType<typeof statesOf>, prediction: Prediction): GaussianData {
  const [atZero = 0, atOne = 0] = composeDdim({
    states,
    prediction,
    denoise: (x, { alphaBar }) => x.map(gaussianDenoiser(data, prediction, alphaBar)),
    start: Float64Array.of(0, 1),
    eta: 0,
    clip: false,
    noise: () => assert.fail('η = 0 draws no noise'),
  });
  return { mean: atZero, deviation: atOne - atZero };
}

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

for (const states of [4, 10, 32]) {
  for (const prediction of ['Epsilon', 'V', 'X0'] as const) {
    test(`S = ${states}, ${prediction}: exact denoisers give the closed form`, () => {
      const latent = statesOf(states);
      const oracle = gaussianOracle(
        data,
        latent.map(({ alphaBar }) => alphaBar),
        0,
      );
      const sampled = sampledMoments(latent, prediction);
      near(sampled.mean, oracle.mean, 1e-6);
      near(sampled.deviation, oracle.deviation, 1e-6);
    });
  }
}

test('the closed form has the contrast known for S = 4, 10, 32', () => {
  for (const [states, contrast] of [
    [4, 0.435],
    [10, 0.74],
    [32, 0.912],
  ] as const) {
    const levels = statesOf(states).map(({ alphaBar }) => alphaBar);
    near(gaussianOracle({ mean: 0, deviation: 0.5 }, levels, 0).deviation / 0.5, contrast, 1e-3);
  }
});

test('models of the mapped schedule sampled by a recomputed one are told apart', () => {
  const mapped = statesOf(10);
  const oracle = gaussianOracle(
    data,
    mapped.map(({ alphaBar }) => alphaBar),
    0,
  );
  const wrong = sampledMoments(statesOf(10, 'Recomputed'), 'V');
  assert.ok(Math.abs(wrong.deviation - oracle.deviation) > 0.1);
});

test('with η = 1 the variance is the closed form’s, step noise counted', () => {
  for (const family of ['Linear', 'Cosine', 'ScaledLinear'] as const) {
    const states = statesOf(10, 'Mapped', family);
    // The sampler is affine in (start, z of each step): its variance is the sum of the squared responses to each.
    const respond = (start: number, noisy: number | undefined) =>
      composeDdim({
        states,
        prediction: 'V',
        denoise: (x, { alphaBar }) => x.map(gaussianDenoiser({ mean: 0, deviation: 0.5 }, 'V', alphaBar)),
        start: Float64Array.of(start),
        eta: 1,
        clip: false,
        noise: ({ state }) => Float64Array.of(state === noisy ? 1 : 0),
      })[0] as number;
    const responses = [respond(1, undefined), ...states.map(({ state }) => respond(0, state))];
    const oracle = gaussianOracle(
      { mean: 0, deviation: 0.5 },
      states.map(({ alphaBar }) => alphaBar),
      1,
    );
    near(Math.hypot(...responses), oracle.deviation, 1e-6);
  }
});

test('clipping bounds every predicted image, and the last x is one', () => {
  const sampled = composeDdim({
    states: statesOf(10),
    prediction: 'X0',
    denoise: (x) => x.map((value) => 5 * value),
    start: Float64Array.of(-2, 0.5, 3),
    eta: 0,
    clip: true,
    noise: () => assert.fail(),
  });
  assert.ok(sampled.every((value) => Math.abs(value) <= 1));
});
