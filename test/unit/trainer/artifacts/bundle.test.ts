import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { LatentState } from '../../../../src/diffusion/latentStates.ts';
import { areWhole, openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';

test('a bundle has every latent state once, its models and the moments of its data', async (t) => {
  const { store, aggregateTask: task } = await aggregatedRun(t, { schedule: { states: 4, statesPerModel: 2 } });
  const bundle = await openBundle(store, runLayout(task.directory).bundle(task.hash), task.hash);
  const { manifest } = bundle;
  assert.deepEqual(
    statesOf(manifest).map(({ index }) => index),
    [0, 1, 2, 3],
  );
  assert.equal(manifest.dataset.address, task.dataset);
  const [model = assert.fail()] = manifest.models;
  assert.ok((await bundle.read(model)).tensors.has('time.0.w'));
  assert.deepEqual((await bundle.read(manifest.moments)).tensors.get('mean')?.shape, [8, 8, 1]);
});

test('what is no bundle, another one, or not whole is refused', async (t) => {
  const { root, store, aggregateTask: task } = await aggregatedRun(t);
  const folder = runLayout(task.directory).bundle(task.hash);
  await assert.rejects(openBundle(store, 'not-there', task.hash), { code: 'ModelMissing', hint: /aggregation/ });
  await assert.rejects(openBundle(store, folder, 'fedcba9876543210'), { code: 'DigestMismatch' });
  const { manifest } = await openBundle(store, folder, task.hash);
  const lacking = { ...manifest, models: manifest.models.slice(1) };
  writeFileSync(join(root, folder, 'manifest.json'), JSON.stringify(lacking));
  await assert.rejects(openBundle(store, folder, task.hash), { code: 'DigestMismatch' });
});

test('a bundle is whole where each state has a model, or is said to have none, once, and ᾱ falls', async (t) => {
  const { store, aggregateTask: task } = await aggregatedRun(t);
  const { manifest } = await openBundle(store, runLayout(task.directory).bundle(task.hash), task.hash);
  const [model = assert.fail()] = manifest.models;
  const state = (index: number, alphaBar: number) => ({ index, timestep: index, alphaBar });
  const whole = (states: LatentState[], missing?: LatentState[]) =>
    areWhole({ models: [{ ...model, states }], missing });
  assert.ok(whole([state(0, 0.9), state(1, 0.5)]));
  assert.ok(!whole([state(1, 0.5)]));
  assert.ok(!whole([state(0, 0.9), state(0, 0.9)]));
  assert.ok(!whole([state(0, 0.5), state(1, 0.9)]));
  for (const at of [0, 1, 2]) {
    const states = [state(0, 0.9), state(1, 0.5), state(2, 0.1)];
    const hole = states.splice(at, 1);
    assert.ok(!whole(states) || at === 2, 'what lacks its noisiest state only is whole for all that it says');
    assert.ok(whole(states, hole));
    assert.ok(!whole(states, [...hole, ...hole]));
    assert.ok(!whole(states, states.slice(1)));
  }
});
