import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectedContrast, yardstickLosses } from '../../../src/diffusion/gaussian.ts';
import { latentStates } from '../../../src/diffusion/latentStates.ts';
import { predictions } from '../../../src/diffusion/prediction.ts';

const states = (count: number) =>
  latentStates({ family: 'Linear', timesteps: 1000, states: count, spacing: 'Uniform', alphas: 'Mapped' });
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

test('few states lose contrast with exact models too, as the closed form says', () => {
  const data = [{ mean: 0.2, deviation: 0.5 }];
  near(expectedContrast(states(10), data, 0), 0.74, 0.005);
  near(expectedContrast(states(32), data, 0), 0.912, 0.005);
});

test('what varies most counts most, and what does not vary counts nothing', () => {
  const mixed = [0, 0.1, 0.8].map((deviation) => ({ mean: 0, deviation }));
  near(expectedContrast(states(10), mixed, 0), expectedContrast(states(10), mixed.slice(2), 0), 0.01);
  assert.ok(Number.isNaN(expectedContrast(states(10), [{ mean: 1, deviation: 0 }], 0)));
});

test('no affine function is better than the yardstick, and zeros are no better either', () => {
  const value = fc.record({
    mean: fc.double({ min: -1, max: 1, noNaN: true }),
    deviation: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(value, fc.double({ min: 1e-5, max: 0.999, noNaN: true }), (data, alphaBar) => {
      for (const prediction of predictions) {
        const { untrained, affine } = yardstickLosses(prediction, alphaBar, [data]);
        assert.ok(affine >= -1e-12 && affine <= untrained + 1e-12);
      }
      // The same function, in three units: of x̂0, ε is (1 − ᾱ)/ᾱ and v is 1 − ᾱ.
      const image = yardstickLosses('X0', alphaBar, [data]).affine;
      near(yardstickLosses('V', alphaBar, [data]).affine * (1 - alphaBar), image, 1e-9);
      near((yardstickLosses('Epsilon', alphaBar, [data]).affine * (1 - alphaBar)) / alphaBar, image, 1e-9);
    }),
  );
});
