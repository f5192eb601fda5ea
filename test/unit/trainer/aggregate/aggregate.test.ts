import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { runLayout } from '../../../../src/api/layout.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

test('a damaged or missing model is named, with what to do', async (t) => {
  const { aggregateTask: task, volumes } = await aggregatedRun(t);
  const aggregate = () => runAggregate(task, trainerContext(volumes));
  const layout = runLayout(volumes.run, task.directory);
  const finalOf = (index: number) => layout.model(task.models[index]?.hash ?? assert.fail()).final;
  rmSync(layout.bundle(task.hash), { recursive: true });
  const weights = join(finalOf(1), 'weights.safetensors');
  writeFileSync(weights, 'zeros after a power cut');
  await assert.rejects(aggregate(), {
    code: 'DigestMismatch',
    message: /model 1/,
    where: weights,
    hint: /Delete the Job of model 1/,
  });
  rmSync(finalOf(1), { recursive: true });
  await assert.rejects(aggregate(), { code: 'ModelMissing', message: /model 1/, where: finalOf(1) });
});

test('a model that has learned from other images than are there now is told of', async (t) => {
  const { aggregateTask: task, volumes } = await aggregatedRun(t);
  rmSync(runLayout(volumes.run, task.directory).bundle(task.hash), { recursive: true });
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
  await runAggregate(task, trainerContext(volumes, { logger })); // the models' records have a digest of zeros
  assert.equal(lines.filter((line) => line.includes('other images')).length, task.models.length);
});

test('a damaged bundle is made anew', async (t) => {
  const { aggregateTask: task, volumes } = await aggregatedRun(t);
  const aggregate = () => runAggregate(task, trainerContext(volumes));
  const whole = await aggregate();
  const bundle = runLayout(volumes.run, task.directory).bundle(task.hash);
  writeFileSync(join(bundle, 'model-0002.safetensors'), 'zeros after a power cut');
  assert.deepEqual(await aggregate(), whole);
  rmSync(join(bundle, 'manifest.json'));
  assert.deepEqual(await aggregate(), whole);
});

test('a signal ends it, wherever it is, and nothing half-done is left', async (t) => {
  const { aggregateTask: task, volumes } = await aggregatedRun(t, {}, { images: 200 });
  const bundle = runLayout(volumes.run, task.directory).bundle(task.hash);
  rmSync(bundle, { recursive: true });
  for (const phase of ['Starting', 'Running', 'Saving'] as const) {
    const controller = new AbortController();
    const context = trainerContext(volumes, {
      signal: controller.signal,
      progress: (progress) => progress.phase === phase && controller.abort(),
    });
    await assert.rejects(runAggregate(task, context), { code: 'Interrupted' }, phase);
    assert.deepEqual(readdirSync(dirname(bundle)), [], phase);
  }
});
