import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { latentStateSchema, scheduleRecordSchema } from '../../../../src/trainer/artifacts/latentState.ts';

test('a state comes back from JSON with the same ᾱ, to the last bit', () => {
  const schedule = { family: 'Cosine', timesteps: 1000, alphas: 'Mapped' } as const;
  for (const state of latentStates({ ...schedule, states: 32, spacing: 'LogSNR' }))
    assert.deepEqual(latentStateSchema.parse(JSON.parse(JSON.stringify(state))), state);
  assert.deepEqual(scheduleRecordSchema.parse(schedule), schedule);
});

test('what is no state or no schedule of ours is refused', () => {
  for (const wrong of [{ index: -1, timestep: 0, alphaBar: 1 }, { index: 0, timestep: 0.5, alphaBar: 1 }, { index: 0 }])
    assert.ok(!latentStateSchema.safeParse(wrong).success);
  assert.ok(!scheduleRecordSchema.safeParse({ family: 'Sigmoid', alphas: 'Mapped', timesteps: 1 }).success);
});
