import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imageCoefficients, predictions, targetCoefficients } from '../../../src/diffusion/prediction.ts';

const value = fc.double({ min: -3, max: 3, noNaN: true });
const level = fc.double({ min: 0.01, max: 0.99, noNaN: true });

for (const prediction of predictions) {
  test(`${prediction}: the image follows from x and the target that a network is trained on`, () => {
    fc.assert(
      fc.property(value, value, level, (image, noise, alphaBar) => {
        const x = Math.sqrt(alphaBar) * image + Math.sqrt(1 - alphaBar) * noise;
        const target = targetCoefficients(prediction, alphaBar);
        const output = target.image * image + target.noise * noise;
        const back = imageCoefficients(prediction, alphaBar);
        assert.ok(Math.abs(back.x * x + back.output * output - image) < 1e-12);
      }),
    );
  });
}
