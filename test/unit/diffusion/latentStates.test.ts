import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latentStates, partitionModels, reachesNoise, statesOfModel } from '../../../src/diffusion/latentStates.ts';
import { alphaBars } from '../../../src/diffusion/schedule.ts';

test('a mapped state has the ᾱ of its timestep, a recomputed one that of a short schedule', () => {
  const options = { family: 'Linear', timesteps: 1000, states: 10, spacing: 'Uniform' } as const;
  const mapped = latentStates({ ...options, alphas: 'Mapped' });
  assert.equal(mapped[9]?.alphaBar, alphaBars('Linear', 1000)[999]);
  const recomputed = latentStates({ ...options, alphas: 'Recomputed' });
  assert.ok(Math.abs((recomputed[9]?.alphaBar ?? 0) - 0.904) < 1e-3, 'never near noise: the washed-out signature');
  assert.ok(reachesNoise(mapped));
  assert.ok(!reachesNoise(recomputed));
});

test('models share out the states in order', () => {
  const states = latentStates({ family: 'Cosine', timesteps: 100, states: 12, spacing: 'LogSNR', alphas: 'Mapped' });
  const models = partitionModels(states, 4);
  assert.equal(models.length, 3);
  assert.deepEqual(models.flat(), states);
  const schedule = { family: 'Cosine', timesteps: 100, states: 12, spacing: 'LogSNR', alphas: 'Mapped' } as const;
  assert.deepEqual(statesOfModel({ ...schedule, statesPerModel: 4 }, 1), models[1]);
});
