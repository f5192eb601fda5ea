import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { risingFinding, stalledFinding } from '../../../../src/trainer/signatures/lossFindings.ts';
import { yardsticksOf } from '../../../../src/trainer/signatures/recorded.ts';
import { digits, goodModels, withLosses } from '../../../helpers/findings.ts';
import { falling, lossCurve } from '../../../helpers/lossCurves.ts';

test('losses of a real training neither rise nor stall', () => {
  assert.equal(risingFinding(goodModels()), undefined);
  assert.equal(stalledFinding(goodModels(), digits), undefined);
});

test('a rising loss is told with how far it rose, and a lower learning rate for these states', () => {
  const models = goodModels().map((model, i) =>
    i === 2 || i === 3
      ? withLosses(
          model,
          lossCurve((part) => 0.1 + 0.4 * Math.max(0, part - 0.5)),
        )
      : model,
  );
  const found = risingFinding(models) ?? assert.fail();
  assert.equal(found.states, '2-3');
  assert.match(found.message, /^The loss of states 2-3 rises: at the end it is up to 2\.\d times its lowest\.$/);
  assert.equal(found.yaml, 'overrides:\n  - { states: "2-3", training: { optimizer: { learningRate: 0.00067 } } }');
  assert.equal(found.evidence.length, 2);
});

test('a loss that rests where an untrained network is has stalled', () => {
  const models = goodModels().map((model, i) =>
    i === 5
      ? withLosses(
          model,
          lossCurve(() => 0.92, 0.1),
        )
      : model,
  );
  const found = stalledFinding(models, digits) ?? assert.fail();
  assert.equal(found.states, '5');
  assert.match(
    found.message,
    /^The loss of state 5 stands still at 0\.9\d: mean and deviation of the data alone would give 0\.\d+\.$/,
  );
  assert.match(found.remedy, /0\.00067 instead of 0\.002/);
});

test('without a record of the learning rate the remedy is said without numbers', () => {
  const models = goodModels().map((model) => ({
    ...withLosses(
      model,
      lossCurve(() => 0.95),
    ),
    learningRate: null,
  }));
  const found = stalledFinding(models, digits) ?? assert.fail();
  assert.equal(found.yaml, '');
  assert.equal(found.evidence.length, 8);
});

test('curves of one shape, falling to what mean and deviation give or below, raise nothing', () => {
  const curve = fc.record({
    depth: fc.double({ min: 0.3, max: 1, noNaN: true }),
    noise: fc.double({ min: 0, max: 0.3, noNaN: true }),
    points: fc.integer({ min: 1, max: 400 }),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(curve, ({ depth, noise, points, seed }) => {
      const models = goodModels().map((model, i) =>
        withLosses(model, lossCurve(falling(1, depth * yardsticksOf(model, digits).affine), noise, points, seed + i)),
      );
      assert.equal(risingFinding(models), undefined);
      assert.equal(stalledFinding(models, digits), undefined);
    }),
    { numRuns: 100 },
  );
});
