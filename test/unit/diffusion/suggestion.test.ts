import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latentStates } from '../../../src/diffusion/latentStates.ts';
import { suggestSchedule } from '../../../src/diffusion/suggestion.ts';

const data = [{ mean: -0.7, deviation: 0.5 }];
const used = (states: number, fields: Partial<Parameters<typeof latentStates>[0]> = {}) => {
  const options = {
    family: 'Linear',
    timesteps: 1000,
    states,
    spacing: 'Uniform',
    alphas: 'Mapped',
    ...fields,
  } as const;
  return { family: options.family, timesteps: options.timesteps, states: latentStates(options), eta: 0 };
};

test('for recomputed ᾱ a schedule is named that begins at noise', () => {
  const found = suggestSchedule(used(10, { alphas: 'Recomputed' }), data) ?? assert.fail();
  assert.equal(found.states, 10);
  assert.equal(found.family, 'Linear');
  assert.ok(found.noisiest < 1e-4 && found.contrast > 0.7);
});

test('another spacing is preferred to another family, and that to more states', () => {
  const found = suggestSchedule(used(10), data) ?? assert.fail();
  assert.deepEqual([found.family, found.spacing, found.states], ['Linear', 'Quadratic', 10]);
});

test('twice the states are named where no ten keep more', () => {
  const best = suggestSchedule(used(10, { family: 'Cosine', spacing: 'Quadratic' }), data);
  assert.ok(best === undefined || best.contrast > 0.8);
  const fewer = suggestSchedule(used(4, { spacing: 'Quadratic' }), data) ?? assert.fail();
  assert.ok(fewer.contrast > 0.5);
});

test('a schedule that keeps nearly all is not what is wrong', () => {
  assert.equal(suggestSchedule(used(500), data), undefined);
});

test('data without contrast say nothing of a schedule', () => {
  assert.equal(suggestSchedule(used(10), [{ mean: 0, deviation: 0 }]), undefined);
});
