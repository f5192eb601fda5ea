import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { type Manifest, openBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { coverageOf } from '../../../../src/trainer/evaluate/coverage.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';

const states = latentStates({ family: 'Linear', timesteps: 1000, states: 4, spacing: 'Uniform', alphas: 'Mapped' });

/** The manifest of four models of single states, without some of them. */
async function manifests(t: Parameters<typeof aggregatedRun>[0]) {
  const { store, aggregateTask: task } = await aggregatedRun(t, { schedule: { states: 4 } });
  const { manifest } = await openBundle(store, runLayout(task.directory).bundle(task.hash), task.hash);
  return (holes: readonly number[]): Manifest => ({
    ...manifest,
    models: manifest.models.filter(({ index }) => !holes.includes(index)),
    ...(holes.length > 0 && { missing: states.filter(({ index }) => holes.includes(index)) }),
  });
}

test('coverage says which states have no model, and what that does at either end', async (t) => {
  const without = await manifests(t);
  const of = (holes: readonly number[], start: 'StandardNormal' | 'MomentMatched' = 'StandardNormal') =>
    coverageOf(without(holes), { start });
  assert.equal(of([]), undefined);
  assert.deepEqual(of([1]), {
    states: 4,
    missing: [states[1]],
    caveats: ['Coverage 3 of 4 states: state 1 has no model, and each step leads to the next state that has one.'],
  });
  assert.match(of([1, 2])?.caveats[0] ?? '', /^Coverage 2 of 4 states: states 1-2 have no model/);
  const [, cleanest] = of([0])?.caveats ?? [];
  assert.equal(
    cleanest,
    'The cleanest state has no model: the last step leads from state 1 (τ = 499, √ᾱ = 0.28) to the image.',
  );
  const [, noisiest] = of([3])?.caveats ?? [];
  assert.match(
    noisiest ?? '',
    /sampling begins at state 2 \(τ = 749, √ᾱ = 0.0579\), from N\(0, I\), which is not what/,
  );
  assert.match(of([3], 'MomentMatched')?.caveats[1] ?? '', /from a normal with the data's moments at that state/);
  assert.equal(of([0, 3])?.caveats.length, 3);
});
