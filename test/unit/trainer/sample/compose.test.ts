import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ddim } from '../../../../src/diffusion/ddim.ts';
import { gaussianOracle } from '../../../../src/diffusion/gaussian.ts';
import { type LatentState, latentStates } from '../../../../src/diffusion/latentStates.ts';
import type { Prediction } from '../../../../src/diffusion/prediction.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import type { Sampler, Values } from '../../../../src/diffusion/sampler.ts';
import { shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { type ComposeOptions, compose } from '../../../../src/trainer/sample/compose.ts';
import type { StateModel } from '../../../../src/trainer/sample/denoiser.ts';

import { composeDdim } from '../../../helpers/compose.ts';
import { gaussianDenoiser } from '../../../helpers/gaussian.ts';

const data = { mean: 0.3, deviation: 0.5 };
const size = 6;
const states = latentStates({ family: 'Linear', timesteps: 1000, states: 10, spacing: 'Uniform', alphas: 'Mapped' });

/** The exact model of Gaussian data in float32. */
const exact =
  (prediction: Prediction) =>
  async ({ alphaBar }: LatentState): Promise<StateModel> => ({
    prediction,
    denoise: (x) => x.map(gaussianDenoiser(data, prediction, alphaBar)),
  });

const options = (
  fields: Partial<ComposeOptions> = {},
  sampling: Partial<ComposeOptions['sampling']> = {},
): ComposeOptions => ({
  sampler: ddim,
  states,
  sampling: { eta: 0, seed: 5, clip: false, batchSize: 4, ...sampling },
  size,
  first: 0,
  count: 7,
  modelOf: exact('V'),
  watched: 0,
  onStart: () => {},
  onStep: () => {},
  onBatch: async () => {},
  ...fields,
});

for (const prediction of ['Epsilon', 'V', 'X0'] as const) {
  for (const [eta, clip] of [
    [0, false],
    [0, true],
    [1, true],
  ] as const) {
    test(`${prediction}, η = ${eta}, ${clip ? 'clipped' : 'not clipped'}: the loop in float32 is the float64 sampler`, async () => {
      const samples = await compose(options({ modelOf: exact(prediction), first: 3 }, { eta, clip }));
      for (let sample = 0; sample < 7; sample++) {
        const expected = composeDdim({
          states,
          prediction,
          denoise: (x, { alphaBar }) => x.map(gaussianDenoiser(data, prediction, alphaBar)),
          start: normals(5, streams.start, 3 + sample, size),
          eta,
          clip,
          noise: ({ index }) => normals(5, streams.step, (3 + sample) * 4096 + index, size),
        });
        // ε's error is amplified √((1 − ᾱ)/ᾱ) = 157 times at the noisiest state.
        const tolerance = prediction === 'Epsilon' ? 2e-4 : 2e-6;
        expected.forEach((value, i) => {
          const actual = samples[sample * size + i] as number;
          assert.ok(Math.abs(actual - value) <= tolerance, `${actual} is not ${value}`);
        });
      }
    });
  }
}

test('samples depend neither on the shards nor on the batch size', async () => {
  const whole = await compose(options({ count: 11 }, { eta: 0.5 }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 12 }), async (shards, batchSize) => {
      const parts: number[] = [];
      for (let index = 0; index < shards; index++) {
        parts.push(...(await compose(options(shardRange(index, shards, 11), { eta: 0.5, batchSize }))));
      }
      assert.deepEqual(parts, [...whole]);
    }),
    { numRuns: 20 },
  );
});

test('a sample keeps its place in the batch whatever the shard, and the rest of a batch is zeros', async () => {
  const places = new Map<number, Set<number>>();
  for (const range of [{ first: 0, count: 10 }, shardRange(1, 3, 10), shardRange(2, 3, 10)]) {
    let sample = range.first;
    const seen = options(range);
    seen.states = states.slice(-1);
    seen.modelOf = async () => ({
      prediction: 'X0',
      denoise: (x) => {
        for (let place = 0; place < 4; place++) {
          const image = x.subarray(place * size, (place + 1) * size);
          if (image.every((value) => value === 0)) continue;
          assert.deepEqual(image, Float32Array.from(normals(5, streams.start, sample, size)));
          places.set(sample, (places.get(sample) ?? new Set()).add(place));
          sample++;
        }
        return x;
      },
    });
    await compose(seen);
  }
  assert.deepEqual(
    [...places.keys()].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const [sample, own] of places) assert.deepEqual([...own], [sample % 4]);
});

test('every model is loaded once, the noisiest first', async () => {
  const loaded: number[] = [];
  const modelOf = (state: LatentState) => {
    loaded.push(state.index);
    return exact('V')(state);
  };
  await compose(options({ modelOf, count: 9 }));
  assert.deepEqual(loaded, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test('a sampler that looks back gets x̂0 of the steps before, the latest first', async () => {
  const lengths: number[] = [];
  const images: Values[] = [];
  const sampler: Sampler = {
    history: 2,
    step(step) {
      lengths.push(step.history.length);
      const [before, earlier] = step.history;
      if (before !== undefined) assert.deepEqual(before, images.at(-1));
      if (earlier !== undefined) assert.deepEqual(earlier, images.at(-2));
      const stepped = ddim.step(step);
      images.push(stepped.image);
      return stepped;
    },
  };
  await compose(options({ sampler, count: 3 }));
  assert.deepEqual(lengths, [0, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
});

test('each step goes to the next listed state, and the last to none', async () => {
  const ways: [number, number | undefined][] = [];
  const sampler: Sampler = {
    history: 0,
    step(step) {
      ways.push([step.state.index, step.next?.index]);
      return ddim.step(step);
    },
  };
  await compose(options({ sampler, count: 1, states: states.slice(0, 3) }));
  assert.deepEqual(ways, [
    [2, 1],
    [1, 0],
    [0, undefined],
  ]);
});

test('states without a model are passed over: each step leads to the next one that has a model, with its ᾱ', async () => {
  /** DDIM as the paper writes it (eq. 12), with the best ε for normal data; nothing of it is shared with the sampler. */
  const byHand = (levels: readonly number[], sample: number, indices: readonly number[], eta: number) => {
    const { mean: m, deviation: s } = data;
    let x = [...normals(5, streams.start, sample, size)];
    for (let i = levels.length - 1; i >= 0; i--) {
      const a = levels[i] as number;
      const b = i === 0 ? 1 : (levels[i - 1] as number);
      const sigma = eta * Math.sqrt(((1 - b) / (1 - a)) * (1 - a / b));
      const z = normals(5, streams.step, sample * 4096 + (indices[i] as number), size);
      x = x.map((value, at) => {
        const noise = (Math.sqrt(1 - a) * (value - Math.sqrt(a) * m)) / (a * s * s + 1 - a);
        const image = (value - Math.sqrt(1 - a) * noise) / Math.sqrt(a);
        return (
          Math.sqrt(b) * image +
          Math.sqrt(Math.max(0, 1 - b - sigma * sigma)) * noise +
          (i === 0 ? 0 : sigma * (z[at] as number))
        );
      });
    }
    return x;
  };
  await fc.assert(
    fc.asyncProperty(fc.subarray([...states], { minLength: 1 }), fc.constantFrom(0, 0.5, 1), async (visited, eta) => {
      const samples = await compose(options({ states: visited, count: 3 }, { eta }));
      const levels = visited.map(({ alphaBar }) => alphaBar);
      const indices = visited.map(({ index }) => index);
      for (let sample = 0; sample < 3; sample++)
        byHand(levels, sample, indices, eta).forEach((value, i) => {
          const actual = samples[sample * size + i] as number;
          assert.ok(Math.abs(actual - value) <= 5e-6, `${indices}, η = ${eta}: ${actual} is not ${value}`);
        });
    }),
    { numRuns: 60 },
  );
});

test('with holes the whole sampler keeps mean and deviation that the closed form says of the states that are left', async () => {
  for (const holes of [[4], [9], [0], [2, 3, 7]]) {
    const visited = states.filter(({ index }) => !holes.includes(index));
    const expected = gaussianOracle(
      data,
      visited.map(({ alphaBar }) => alphaBar),
      0,
    );
    const samples = await compose(options({ states: visited, count: 2 }));
    for (const [i, value] of samples.entries()) {
      const z = normals(5, streams.start, Math.floor(i / size), size)[i % size] as number;
      assert.ok(Math.abs(value - (expected.mean + expected.deviation * z)) < 5e-6, `without ${holes}`);
    }
  }
});

test('a matched start is that of the noisiest state that has a model', async () => {
  const visited = states.slice(0, 6);
  const moments = { mean: new Float32Array(size).fill(0.3), deviation: new Float32Array(size).fill(0.5) };
  let start: Float32Array | undefined;
  await compose(options({ states: visited, moments, count: 1, onStart: (x) => (start = x.slice()) }));
  const { alphaBar } = visited[5] ?? assert.fail();
  const noise = normals(5, streams.start, 0, size);
  start?.forEach((value, i) => {
    const expected = Math.sqrt(alphaBar) * 0.3 + Math.sqrt(alphaBar * 0.25 + 1 - alphaBar) * (noise[i] as number);
    assert.ok(Math.abs(value - expected) < 1e-6);
  });
});

test('x̂0 of the watched samples is what each step was made from', async () => {
  const seen: { x: Float32Array; predicted: Float32Array }[] = [];
  const samples = await compose(
    options({
      watched: 5,
      first: 3,
      onStep: (x, predicted) => seen.push({ x: x.slice(), predicted: predicted.slice() }),
    }),
  );
  assert.equal(seen.length, states.length);
  assert.deepEqual(seen.at(-1)?.predicted, samples.slice(0, 5 * size), 'the last step ends at x̂0');
  // With η = 0 the step is x′ = √ᾱ′·x̂0 + √(1 − ᾱ′)·ε̂, from which x̂0 follows.
  const [before, after] = [seen[3]?.x ?? assert.fail(), seen[4] ?? assert.fail()];
  const [alphaBar, next] = [states[5]?.alphaBar as number, states[4]?.alphaBar as number];
  const ratio = Math.sqrt((1 - next) / (1 - alphaBar));
  after.predicted.forEach((value, i) => {
    const expected =
      ((after.x[i] as number) - ratio * (before[i] as number)) / (Math.sqrt(next) - ratio * Math.sqrt(alphaBar));
    assert.ok(Math.abs(value - expected) < 1e-4);
  });
});

test('progress rises to 1, and a throw from it stops the loop', async () => {
  const reported: number[] = [];
  await compose(options({ onBatch: async (done) => void reported.push(done) }));
  assert.equal(reported.length, (1 + states.length) * 2, 'the first x is drawn in batches, too');
  assert.deepEqual(
    reported,
    reported.toSorted((a, b) => a - b),
  );
  assert.equal(reported.at(-1), 1);
  await assert.rejects(
    compose(
      options({
        onBatch: async () => {
          throw new Error('stop');
        },
      }),
    ),
    /stop/,
  );
});

test('a model that has diverged is named instead of drawing black images', async () => {
  const modelOf = async (state: LatentState): Promise<StateModel> => ({
    prediction: 'V',
    denoise: (x) => (state.index === 4 ? x.fill(Number.NaN) : x),
  });
  await assert.rejects(compose(options({ modelOf })), { code: 'Diverged', message: /state 4/ });
});
