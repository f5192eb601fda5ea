import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { AggregateTask } from '../../../../src/api/task.ts';
import { latentStates as statesOfSchedule } from '../../../../src/diffusion/latentStates.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
import { openBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { aggregatedRun, blobs, memorySource, preparedDataset, trainerContext } from '../../../helpers/trainer.ts';

test('a damaged or missing model is named, with what to do', async (t) => {
  const { aggregateTask: task, root, store } = await aggregatedRun(t);
  const aggregate = () => runAggregate(task, trainerContext(store));
  const layout = runLayout(task.directory);
  const final = join(root, layout.model(task.models[1] ?? assert.fail()).final);
  rmSync(join(root, layout.bundle(task.hash)), { recursive: true });
  const weights = join(final, 'weights.safetensors');
  writeFileSync(weights, 'zeros after a power cut');
  await assert.rejects(aggregate(), {
    code: 'DigestMismatch',
    message: /model 1/,
    where: weights,
    hint: /Delete the Job of model 1/,
  });
  rmSync(final, { recursive: true });
  await assert.rejects(aggregate(), { code: 'ModelMissing', message: /model 1/, where: final });
});

test('a model that has learned from another dataset is named', async (t) => {
  const { aggregateTask: task, store } = await aggregatedRun(t);
  const shape = { size: 8, channels: 1 } as const;
  const dataset = await preparedDataset(store, memorySource(blobs(41, shape), shape));
  const other = { ...task, hash: '00000000000000aa', dataset };
  await assert.rejects(runAggregate(other, trainerContext(store)), { code: 'DataChanged', message: /model 0/ });
});

test('models that leave out a latent state, or cover one twice, make no bundle', async (t) => {
  const { aggregateTask: task, store } = await aggregatedRun(t);
  const [first = '', second = '', third = ''] = task.models;
  for (const models of [[first, third], [first, second, second], [second]]) {
    const other = { ...task, hash: '00000000000000aa', models };
    await assert.rejects(runAggregate(other, trainerContext(store)), { code: 'InputMismatch' }, models.join());
  }
});

test('models that were given up are left out, and the manifest says which states have none', async (t) => {
  const { aggregateTask: task, store, spec } = await aggregatedRun(t);
  const { schedule } = spec;
  const [first = '', second = '', third = ''] = task.models;
  const states = statesOfSchedule(schedule);
  for (const [i, models] of [
    [1, [first, null, third]],
    [0, [null, second, third]],
    [2, [first, second, null]],
  ] as const) {
    const partial = { ...task, hash: `00000000000000b${i}`, models: [...models], schedule };
    const made = await runAggregate(partial, trainerContext(store));
    assert.equal(made.kind === 'aggregate' && made.models, 2);
    const { manifest } = await openBundle(store, runLayout(task.directory).bundle(partial.hash), partial.hash);
    assert.deepEqual(manifest.missing, [states[i]]);
    assert.deepEqual(
      manifest.models.map(({ index }) => index),
      [0, 1, 2].filter((index) => index !== i),
    );
    assert.deepEqual(await runAggregate(partial, trainerContext(store)), made, 'verified as it is');
  }
});

test('what is left out has to be said, and something has to be left', async (t) => {
  const { aggregateTask: task, store, spec } = await aggregatedRun(t);
  const { schedule } = spec;
  const [first = '', second = '', third = ''] = task.models;
  const refused = (models: AggregateTask['models'], code: string, fields: Partial<AggregateTask> = { schedule }) =>
    assert.rejects(
      runAggregate({ ...task, hash: '00000000000000aa', models, ...fields }, trainerContext(store)),
      { code },
      models.join(),
    );
  await refused([null, null, null], 'InputMismatch');
  await refused([first, third, null], 'InputMismatch');
  await refused([first, second, third, null], 'InvalidTask', { schedule: { ...schedule, states: 1 } });
  await refused([first, null, third], 'InvalidTask', {});
});

test('a damaged bundle is made anew', async (t) => {
  const { aggregateTask: task, root, store } = await aggregatedRun(t);
  const aggregate = () => runAggregate(task, trainerContext(store));
  const whole = await aggregate();
  const bundle = join(root, runLayout(task.directory).bundle(task.hash));
  writeFileSync(join(bundle, 'model-0002.safetensors'), 'zeros after a power cut');
  assert.deepEqual(await aggregate(), whole);
  rmSync(join(bundle, 'manifest.json'));
  assert.deepEqual(await aggregate(), whole);
});

test('the digest of a bundle is a function of its models alone', async (t) => {
  const [one, other] = [await aggregatedRun(t), await aggregatedRun(t)];
  const digestIn = async ({ aggregateTask, store }: typeof one) => runAggregate(aggregateTask, trainerContext(store));
  assert.deepEqual(await digestIn(one), await digestIn(other));
});

test('a signal ends it, wherever it is, and nothing half-done is left', async (t) => {
  const { aggregateTask: task, root, store } = await aggregatedRun(t, {}, { images: 200 });
  const bundle = join(root, runLayout(task.directory).bundle(task.hash));
  rmSync(bundle, { recursive: true });
  for (const phase of ['Starting', 'Running', 'Saving'] as const) {
    const controller = new AbortController();
    const context = trainerContext(store, {
      signal: controller.signal,
      progress: (progress) => progress.phase === phase && controller.abort(),
    });
    await assert.rejects(runAggregate(task, context), { code: 'Interrupted' }, phase);
    assert.deepEqual(readdirSync(dirname(bundle)), [], phase);
  }
});
