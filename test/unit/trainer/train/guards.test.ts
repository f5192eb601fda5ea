import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFiniteLoss, onlyFinite } from '../../../../src/trainer/train/guards.ts';

const states = [3, 4].map((index) => ({ index, timestep: index, alphaBar: 0.5 }));
const diverged = { code: 'Diverged', where: 'states 3-4', hint: /learningRate/ };

test('a loss that is no number ends training with its states and what to do', () => {
  assertFiniteLoss(0.25, 100, states);
  for (const loss of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => assertFiniteLoss(loss, 100, states), { ...diverged, message: /after 100 images/ });
});

test('so does a weight, after the last step', () => {
  const good = Float32Array.of(0, -1);
  assert.deepEqual([...onlyFinite([good], states)], [good]);
  assert.throws(() => [...onlyFinite([good, Float32Array.of(0, Number.NaN)], states)], diverged);
});
