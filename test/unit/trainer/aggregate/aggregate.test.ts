import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
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
