import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latentStates, partitionModels } from '../../../../src/diffusion/latentStates.ts';
import { imageCoefficients, predictions } from '../../../../src/diffusion/prediction.ts';
import { logSnr } from '../../../../src/diffusion/schedule.ts';
import { type FinalLoss, findBehind } from '../../../../src/trainer/signatures/behind.ts';

/** v-losses of ten states that were trained equally long on MNIST: the shape of the quickstart's. */
const measured = [0.394, 0.266, 0.194, 0.184, 0.215, 0.263, 0.271, 0.28, 0.283, 0.28];

const statesOf = (count: number, spacing: 'Uniform' | 'Quadratic' | 'LogSNR' = 'Quadratic') =>
  latentStates({ family: 'Linear', timesteps: 1000, states: count, spacing, alphas: 'Mapped' });

const withLosses = (losses: readonly number[]): FinalLoss[] =>
  partitionModels(statesOf(losses.length), 1).map((states, i) => ({
    states,
    prediction: 'V',
    loss: losses[i] as number,
  }));

const behindOf = (models: readonly FinalLoss[]) =>
  findBehind(models)
    .map(({ model }) => model.states[0]?.index)
    .sort();

test('models that were trained alike are not behind', () => {
  assert.deepEqual(behindOf(withLosses(measured)), []);
  assert.deepEqual(behindOf(withLosses([0.99, 0.96, 0.92, 0.82, 0.67, 0.56, 0.535, 0.57, 0.595, 0.6])), []);
});

test('one that has hardly learned is, wherever it is, with the loss that it should have', () => {
  for (let state = 0; state < measured.length; state++) {
    const models = withLosses(measured.with(state, 0.95));
    assert.deepEqual(behindOf(models), [state]);
    const expected = findBehind(models)[0]?.expected ?? assert.fail();
    assert.ok(Math.abs(Math.log(expected / (measured[state] as number))) < 0.3, `${state}: ${expected}`);
  }
});

test('bad neighbours do not excuse each other', () => {
  const losses = measured.with(4, 0.93).with(5, 0.93).with(6, 0.92);
  assert.deepEqual(behindOf(withLosses(losses)), [4, 5, 6]);
});

test('predictions are compared in one unit', () => {
  const mixed = withLosses(measured).map((model, i) => {
    const prediction = predictions[i % 3] ?? 'V';
    const weight = (of: typeof prediction) => imageCoefficients(of, model.states[0]?.alphaBar ?? 1).output ** 2;
    return { ...model, prediction, loss: (model.loss * weight('V')) / weight(prediction) };
  });
  assert.deepEqual(behindOf(mixed), []);
  const bad = mixed.map((model, i) => (i === 5 ? { ...model, loss: 3.5 * model.loss } : model));
  assert.deepEqual(behindOf(bad), [5]);
});

test('of three models nobody can say which is the rule', () => {
  assert.deepEqual(behindOf(withLosses([0.1, 0.9, 0.1])), []);
});

test('smooth curves raise nothing, whatever their level, slope and bend, and with the noise of batches', () => {
  const curve = fc.record({
    count: fc.integer({ min: 1, max: 64 }),
    perModel: fc.constantFrom(1, 2),
    spacing: fc.constantFrom('Uniform', 'Quadratic', 'LogSNR'),
    prediction: fc.constantFrom(...predictions),
    level: fc.double({ min: -5, max: 0, noNaN: true }),
    slope: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    bend: fc.double({ min: -0.006, max: 0.02, noNaN: true }),
    noise: fc.double({ min: 0, max: 0.08, noNaN: true }),
    draws: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 64, maxLength: 64 }),
  });
  fc.assert(
    fc.property(curve, ({ count, perModel, spacing, prediction, level, slope, bend, noise, draws }) => {
      const models = partitionModels(statesOf(count * perModel, spacing), perModel).map((states, i) => {
        const at = states.reduce((sum, { alphaBar }) => sum + logSnr(alphaBar), 0) / states.length;
        return { states, prediction, loss: Math.exp(level + slope * at + bend * at ** 2 + noise * (draws[i] ?? 0)) };
      });
      assert.deepEqual(findBehind(models), []);
    }),
    { numRuns: 500 },
  );
});

test('a thousand models are looked at soon', () => {
  const models = withLosses(Array.from({ length: 1000 }, (_, i) => (i % 50 === 3 ? 0.9 : 0.2)));
  assert.equal(findBehind(models).length, 20);
});
