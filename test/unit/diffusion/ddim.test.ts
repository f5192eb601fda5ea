import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ddim, stepCoefficients } from '../../../src/diffusion/ddim.ts';
import { type GaussianData, gaussianOracle } from '../../../src/diffusion/gaussian.ts';
import { latentStates } from '../../../src/diffusion/latentStates.ts';
import type { Prediction } from '../../../src/diffusion/prediction.ts';
import type { Family } from '../../../src/diffusion/schedule.ts';
import { composeDdim } from '../../helpers/compose.ts';
import { gaussianDenoiser } from '../../helpers/gaussian.ts';

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
        noise: ({ index }) => Float64Array.of(index === noisy ? 1 : 0),
      })[0] as number;
    const responses = [respond(1, undefined), ...states.map(({ index }) => respond(0, index))];
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

test('a step is the paper’s equation, in float64 and rounded where x is float32', () => {
  const states = statesOf(10);
  const [next, state] = [states[4] ?? assert.fail(), states[5] ?? assert.fail()];
  const [x, output, z] = [Float64Array.of(0.5, -1.2), Float64Array.of(0.1, 0.7), Float64Array.of(1, -2)];
  const { image: toImage, noise: toNoise, sigma } = stepCoefficients(state.alphaBar, next.alphaBar, 0.5);
  const options = {
    output,
    prediction: 'Epsilon',
    state,
    next,
    eta: 0.5,
    clip: false,
    noise: () => z,
    history: [],
  } as const;
  const stepped = ddim.step({ ...options, x });
  x.forEach((value, i) => {
    const epsilon = output[i] as number;
    const image = (value - Math.sqrt(1 - state.alphaBar) * epsilon) / Math.sqrt(state.alphaBar);
    near(stepped.image[i] as number, image, 1e-12);
    near(stepped.x[i] as number, toImage * image + toNoise * epsilon + sigma * (z[i] as number), 1e-12);
  });
  const rounded = ddim.step({ ...options, x: Float32Array.from(x) });
  assert.ok(rounded.x instanceof Float32Array && rounded.image instanceof Float32Array);
  stepped.x.forEach((value, i) => {
    near(rounded.x[i] as number, value, 1e-6);
  });
});

test('a step leaves what it is made from as it is, and after the cleanest state it is the image', () => {
  const [cleanest = assert.fail()] = statesOf(10);
  const [x, output] = [Float32Array.of(0.5, -1.2), Float32Array.of(0.1, 0.7)];
  const stepped = ddim.step({
    x,
    output,
    prediction: 'V',
    state: cleanest,
    next: undefined,
    eta: 1,
    clip: true,
    noise: () => assert.fail('no noise is added to an image'),
    history: [],
  });
  assert.deepEqual(stepped.x, stepped.image);
  assert.deepEqual([x, output], [Float32Array.of(0.5, -1.2), Float32Array.of(0.1, 0.7)]);
});
