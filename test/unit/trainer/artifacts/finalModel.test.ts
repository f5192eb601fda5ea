import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { loadFinal, saveFinal } from '../../../../src/trainer/artifacts/finalModel.ts';
import { recordOf } from '../../../../src/trainer/artifacts/records.ts';
import { readSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';

test('a model’s record says which latent states it learned, of which schedule, from which data', async (t) => {
  const { store, trainTask } = await aggregatedRun(t, { schedule: { states: 4, statesPerModel: 2 } });
  const task = trainTask(1);
  const record = (await loadFinal(store, runLayout(task.directory).model(task.hash).final, task.hash)) ?? assert.fail();
  assert.deepEqual(
    record.states.map(({ index, timestep }) => [index, timestep]),
    [
      [2, 749],
      [3, 999],
    ],
  );
  assert.deepEqual(record.schedule, { family: 'Linear', alphas: 'Mapped', timesteps: 1000 });
  assert.equal(record.dataset.address, task.dataset);
});

test('the digest of weights depends on the weights alone, not on the model’s address', async (t) => {
  const { store, trainTask } = await aggregatedRun(t);
  const task = trainTask(0);
  const product = {
    task,
    parameters: [{ name: 'w', shape: [2], initial: { kind: 'zeros' } as const }],
    averages: [[Float32Array.of(1), Float32Array.of(2)]],
    image: { size: 8, channels: 1 } as const,
    dataset: { address: task.dataset, count: 1, sha256: '' },
    images: 1,
    seconds: 1,
    device: 'CPU',
    losses: [],
  };
  const one = await saveFinal(store, 'one', product);
  const other = await saveFinal(store, 'other', { ...product, task: { ...task, hash: 'fedcba9876543210' } });
  assert.deepEqual(one.weights, other.weights);
  assert.notEqual(one.hash, other.hash);
});

test('weights are those that were saved; damaged ones and those of another model are told', async (t) => {
  const { root, store, trainTask } = await aggregatedRun(t);
  const task = trainTask(0);
  const { final } = runLayout(task.directory).model(task.hash);
  const record = (await loadFinal(store, final, task.hash)) ?? assert.fail();
  const weights = join(root, final, 'weights.safetensors');
  assert.deepEqual(recordOf(readFileSync(weights)), record.weights);
  await assert.rejects(loadFinal(store, final, 'fedcba9876543210'), { code: 'DigestMismatch' });
  writeFileSync(weights, 'zeros after a power cut');
  await assert.rejects(loadFinal(store, final, task.hash), { code: 'DigestMismatch', where: weights });
  assert.equal(await loadFinal(store, 'not-there', task.hash), undefined);
});

test('every half-life has its file, and a damaged one is told', async (t) => {
  const { root, store, trainTask } = await aggregatedRun(t, { training: { ema: { further: [100, 200] } } });
  const task = trainTask(0);
  const { final } = runLayout(task.directory).model(task.hash);
  const { weights, further = [] } = (await loadFinal(store, final, task.hash)) ?? assert.fail();
  assert.equal(new Set([weights, ...further].map(({ sha256 }) => sha256)).size, 3);
  const file = join(root, final, 'weights-2.safetensors');
  assert.deepEqual(recordOf(readFileSync(file)), further[1]);
  const { tensors } = readSafetensors(readFileSync(file), 'w');
  assert.deepEqual(
    [...tensors.keys()],
    [...readSafetensors(readFileSync(join(root, final, 'weights.safetensors')), 'w').tensors.keys()],
  );
  writeFileSync(file, 'zeros after a power cut');
  await assert.rejects(loadFinal(store, final, task.hash), { code: 'DigestMismatch', where: file });
});
