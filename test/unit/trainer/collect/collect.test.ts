import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { CollectTask } from '../../../../src/api/task.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
import { loadFinal } from '../../../../src/trainer/artifacts/finalModel.ts';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import type { ArtifactStore } from '../../../../src/trainer/artifacts/store.ts';
import { runCollect } from '../../../../src/trainer/collect/collect.ts';
import { aggregatedRun, type TestStore, temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const directory = 'runs/test';

/** Three models on claims of their own, and the run's, which has the dataset. */
async function bench(t: TestContext) {
  const run = await aggregatedRun(t, { training: { ema: { further: [100] } } });
  const hashes = run.aggregateTask.models;
  const finalOf = (index: number) => runLayout(directory).model(hashes[index] as string).final;
  const apart = hashes.map((_, index): TestStore => {
    const own = temporaryStore(t);
    cpSync(join(run.root, finalOf(index)), join(own.root, finalOf(index)), { recursive: true });
    return own;
  });
  const target = temporaryStore(t);
  cpSync(join(run.root, 'datasets'), join(target.root, 'datasets'), { recursive: true });
  const models = hashes.map((hash, index) => ({ index, hash: hash ?? assert.fail(), mounted: true }));
  const task: CollectTask = { kind: 'collect', directory, hash: '0123456789abcdef', models };
  const stores = (indices = [0, 1, 2]): ReadonlyMap<number, ArtifactStore> =>
    new Map(indices.map((index) => [index, (apart[index] as TestStore).store]));
  return { run, target, apart, task, stores, finalOf };
}

test('models of claims of their own are one bundle, bit for bit that of a shared claim', async (t) => {
  const { run, target, task, stores } = await bench(t);
  const context = trainerContext(target.store, { models: stores() });
  assert.deepEqual(await runCollect(task, context), { kind: 'collect', models: 3 });
  assert.ok(context.reported.length > 3, 'it shows that it is alive');
  const [there, here] = [
    await runAggregate(run.aggregateTask, trainerContext(run.store)),
    await runAggregate(run.aggregateTask, trainerContext(target.store)),
  ];
  assert.deepEqual(here, there);
});

test('a stopped wave goes on where it was: what is collected and whole is not read again', async (t) => {
  const { target, task, stores, apart, finalOf } = await bench(t);
  const controller = new AbortController();
  const stopping = trainerContext(target.store, {
    models: stores(),
    signal: controller.signal,
    progress: ({ done }) => {
      if (done === 1) controller.abort();
    },
  });
  await assert.rejects(runCollect(task, stopping), { code: 'Interrupted' });
  rmSync((apart[0] as TestStore).root, { recursive: true });
  await runCollect(task, trainerContext(target.store, { models: stores([1, 2]) }));
  for (const { index, hash } of task.models) assert.ok(await loadFinal(target.store, finalOf(index), hash));
});

test('a model whose claim was given back is verified where it was collected to', async (t) => {
  const { target, task, stores } = await bench(t);
  await runCollect(task, trainerContext(target.store, { models: stores() }));
  await runCollect(task, trainerContext(target.store, { models: new Map() }));
});

test('a damaged copy is made anew from the model’s own claim', async (t) => {
  const { target, task, stores, finalOf } = await bench(t);
  await runCollect(task, trainerContext(target.store, { models: stores() }));
  const weights = join(target.root, finalOf(1), 'weights-1.safetensors');
  const whole = readFileSync(weights);
  writeFileSync(weights, whole.subarray(1));
  await runCollect(task, trainerContext(target.store, { models: stores() }));
  assert.deepEqual(readFileSync(weights), whole);
});

test('a model that is missing, damaged or another’s is named, and nothing of it is collected', async (t) => {
  const { target, task, stores, apart, finalOf } = await bench(t);
  const collect = (models = stores()) => runCollect(task, trainerContext(target.store, { models }));
  const missing = { code: 'ModelMissing', message: /^model 2 is neither/, hint: /Job of model 2/ };
  await assert.rejects(collect(stores([0, 1])), missing);
  const own = (apart[2] as TestStore).root;
  const weights = join(own, finalOf(2), 'weights.safetensors');
  const whole = readFileSync(weights);
  writeFileSync(weights, whole.fill(0, whole.length - 8));
  await assert.rejects(collect(), { code: 'DigestMismatch', message: /^model 2 is damaged.*recorded was/ });
  writeFileSync(weights, 'cut');
  await assert.rejects(collect(), { code: 'DigestMismatch', message: /^model 2 is damaged/ });
  cpSync(join((apart[1] as TestStore).root, finalOf(1)), join(own, finalOf(2)), { recursive: true });
  await assert.rejects(collect(), { code: 'DigestMismatch', message: /belongs to model/ });
  rmSync(join(own, finalOf(2)), { recursive: true });
  await assert.rejects(collect(), missing);
  assert.equal(await target.store.exists(finalOf(2)), false);
});

test('an older attempt that wakes up commits nothing on the model’s claim, and what is collected is the newer one’s', async (t) => {
  const { target, task, stores, apart, finalOf } = await bench(t);
  const [{ root, store }] = apart as [TestStore];
  const attempts = runLayout(directory).model(task.models[0]?.hash ?? '').attempts;
  const older = await store.takeAttempt(attempts);
  const newer = await createPosixStore(root).takeAttempt(attempts); // a pod of another node
  await newer.commit(async () => {});
  const before = readFileSync(join(root, finalOf(0), 'weights.safetensors'));
  const late = older.commit(() => store.commit(finalOf(0), { 'weights.safetensors': 'late' }));
  await assert.rejects(late, { code: 'Fenced' });
  await runCollect(task, trainerContext(target.store, { models: stores() }));
  assert.deepEqual(readFileSync(join(target.root, finalOf(0), 'weights.safetensors')), before);
});
