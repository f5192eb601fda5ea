import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { scheduleSchema } from '../../../../src/api/spec/schedule.ts';
import { latentStates, partitionModels } from '../../../../src/diffusion/latentStates.ts';
import { beginnerOf } from '../../../../src/trainer/warmStart/beginner.ts';
import { bundleStartFiles, nearestModel, openBundleStart } from '../../../../src/trainer/warmStart/bundle.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';
import { bundledWeights, bundlePath, collected } from '../../../helpers/warmStart.ts';

const shape = { size: 8, channels: 1 };

test('of the models of the same schedule each takes its own, and of one model all take it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 3), (models, each) => {
      const states = latentStates(scheduleSchema.parse({ states: models * each }));
      const parts = partitionModels(states, each).map((own) => ({ states: own }));
      for (const part of parts) assert.equal(nearestModel(parts, part.states), part);
      for (const { states: own } of parts) assert.deepEqual(nearestModel([{ states }], own), { states });
    }),
  );
  assert.equal(nearestModel([], []), undefined);
});

test('near is what is near by log-SNR, not by ᾱ or by index; of two that are as near it is the cleaner', () => {
  const of = (...alphaBars: number[]) => ({
    states: alphaBars.map((alphaBar, index) => ({ index, timestep: index, alphaBar })),
  });
  const models = [of(0.9), of(0.02), of(0.000001)];
  assert.equal(nearestModel(models, of(0.0003).states), models[1], 'ᾱ alone would take the one after');
  assert.equal(nearestModel(models, of(0.00005).states), models[2]);
  const mirrored = [of(0.75), of(0.25)];
  assert.equal(nearestModel(mirrored, of(0.5).states), mirrored[0]);
});

test('a model begins from the nearest model’s weights, in the order of its own parameters', async (t) => {
  const run = await aggregatedRun(t);
  const start = await openBundleStart(join(run.root, bundlePath(run)));
  const beginner = beginnerOf({ model: run.spec.model, prediction: 'V' }, 1, shape, {});
  const states = latentStates({ ...run.spec.schedule, states: 5 });
  const found = states.map((state) => start.sourceOf([state]));
  assert.equal(new Set(found).size, 3, 'all three models are taken');
  const last = await collected(start.sourceOf([states[4] as (typeof states)[number]]).weightsFor(beginner));
  assert.deepEqual(last, await bundledWeights(run, 2));
  assert.deepEqual(
    Object.keys(last),
    beginner.specs.map(({ name }) => name),
  );
});

test('a bundle with a damaged file, or without one, is an input that is damaged', async (t) => {
  const run = await aggregatedRun(t);
  const folder = join(run.root, bundlePath(run));
  assert.deepEqual(
    await bundleStartFiles(folder),
    [0, 1, 2].map((index) => `model-000${index}.safetensors`),
  );
  const path = join(folder, 'model-0001.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  writeFileSync(path, bytes);
  const beginner = beginnerOf({ model: run.spec.model, prediction: 'V' }, 1, shape, {});
  const [, second] = latentStates(run.spec.schedule);
  const read = async () => {
    const start = await openBundleStart(folder);
    return collected(start.sourceOf(second === undefined ? [] : [second]).weightsFor(beginner));
  };
  await assert.rejects(read(), { code: 'InputForeign', message: /damaged: a file of it has sha256/ });
  rmSync(path);
  await assert.rejects(read(), { code: 'InputForeign', message: /is missing, but has a record/ });
  writeFileSync(join(folder, 'manifest.json'), '{}');
  await assert.rejects(read(), { code: 'InputForeign', message: /damaged/ });
});
