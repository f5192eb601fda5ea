import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { datasetKey, runLayout } from '../../../../src/api/layout.ts';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import type { TrainTask } from '../../../../src/api/task.ts';
import { loadFinal } from '../../../../src/trainer/artifacts/finalModel.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import { runTrain } from '../../../../src/trainer/train/train.ts';
import {
  aggregatedRun,
  blobs,
  memorySource,
  preparedDataset,
  temporaryStore,
  trainerContext,
} from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';
import { training } from '../../../helpers/unet.ts';

const shape = { size: 8, channels: 1 } as const;

/** The task of a small model, and a store with its dataset. */
async function setUp(t: TestContext, fields: Partial<TrainTask> = {}) {
  const { store } = temporaryStore(t);
  const source = memorySource(blobs(50, shape), shape);
  const dataset = await preparedDataset(store, source);
  return { store, source, task: trainTask(dataset, fields) };
}

test('a signal ends training before it has begun', async (t) => {
  const { store, task } = await setUp(t);
  const controller = new AbortController();
  const context = trainerContext(store, {
    signal: controller.signal,
    progress: ({ phase }) => {
      assert.equal(phase, 'Starting');
      controller.abort();
    },
  });
  await assert.rejects(runTrain(task, context), { code: 'Interrupted', message: 'stopped before the work began' });
});

test('training without its prepared dataset ends with what to do', async (t) => {
  const { store, task } = await setUp(t);
  const other = { ...task, dataset: '0123456789abcdef' };
  await assert.rejects(runTrain(other, trainerContext(store)), { code: 'InputMissing', hint: /dataset\.revision/ });
});

test('a signal that comes while the state is being saved ends training with that state, and the next goes on from it', async (t) => {
  const { store, source, task } = await setUp(t, { checkpoints: { everyImages: 12, keep: 1 } });
  const controller = new AbortController();
  const saved: number[] = [];
  const interrupted = trainerContext(store, {
    signal: controller.signal,
    progress: ({ phase, done }) => {
      if (phase !== 'Saving') return;
      saved.push(done);
      controller.abort();
    },
  });
  await assert.rejects(runTrain(task, interrupted), { code: 'Interrupted', message: /after 12 images/ });
  assert.deepEqual(saved, [12]);

  const context = trainerContext(store);
  const result = await runTrain(task, context);
  const done = context.reported.filter(({ phase }) => phase === 'Running').map((progress) => progress.done);
  assert.deepEqual([done[0], done.at(-1)], [16, 40]);
  const { final, checkpoints } = runLayout(task.directory).model(task.hash);
  const record = (await loadFinal(store, final, task.hash)) ?? assert.fail();
  assert.deepEqual(record.dataset, { address: task.dataset, count: 50, sha256: source.digest });
  assert.ok(result.kind === 'train' && result.digest === record.weights.sha256);
  assert.equal(await store.exists(checkpoints), false);
  assert.deepEqual(await runTrain(task, trainerContext(store)), result, 'and is not trained again');
});

test('with conditions dropped, contexts and flips, an interrupted training ends with the weights of one that was not', async (t) => {
  const digests: string[] = [];
  for (const everyImages of [1000, 12]) {
    const { store } = temporaryStore(t);
    const contexts = { tokens: 2, width: 8, values: Float32Array.from({ length: 800 }, (_, i) => Math.sin(i)) };
    const labels = { classes: 3, values: Int32Array.from({ length: 50 }, (_, i) => i % 3) };
    const dataset = await preparedDataset(store, memorySource(blobs(50, shape), shape), { labels, contexts });
    const task = trainTask(dataset, {
      model: modelSchema.parse({ baseChannels: 8, channelMultipliers: [1, 2], transformerDepths: [0, 1] }),
      training: training({ images: 40, batchSize: 8, conditionDropout: 0.3, horizontalFlips: true }),
      checkpoints: { everyImages, keep: 1 },
    });
    const controller = new AbortController();
    const progress = ({ phase }: { phase: string }) => phase === 'Saving' && controller.abort();
    if (everyImages < 40)
      await assert.rejects(runTrain(task, trainerContext(store, { signal: controller.signal, progress })), {
        code: 'Interrupted',
      });
    const result = await runTrain(task, trainerContext(store));
    digests.push(result.kind === 'train' ? result.digest : '');
  }
  assert.equal(digests[0], digests[1]);
});

test('micro-batches, two averages and bfloat16: a training that was interrupted ends as one that was not', async (t) => {
  const settings = training({ images: 16, microBatchSize: 2, ema: { further: [0] }, precision: 'BFloat16' });
  const fields = { training: settings, checkpoints: { everyImages: 8, keep: 1 } };
  const recordOf = async ({ store, task }: Awaited<ReturnType<typeof setUp>>) => {
    await runTrain(task, trainerContext(store));
    return (await loadFinal(store, runLayout(task.directory).model(task.hash).final, task.hash)) ?? assert.fail();
  };
  const whole = await recordOf(await setUp(t, fields));
  const cut = await setUp(t, fields);
  const controller = new AbortController();
  const progress: TrainerContext['progress'] = ({ phase }) => phase === 'Saving' && controller.abort();
  const interrupted = trainerContext(cut.store, { signal: controller.signal, progress });
  await assert.rejects(runTrain(cut.task, interrupted), { code: 'Interrupted', message: /after 8 images/ });
  const resumed = await recordOf(cut);
  assert.deepEqual([resumed.weights, resumed.further], [whole.weights, whole.further]);
  assert.equal(whole.further?.length, 1);
  assert.notEqual(whole.further?.[0]?.sha256, whole.weights.sha256);
});

test('a model that another cluster has trained is not trained again: it takes no turn, and neither data nor TensorFlow', async (t) => {
  const { aggregateTask, trainTask: taskOf, store } = await aggregatedRun(t);
  const task = taskOf(1);
  await store.remove(datasetKey(aggregateTask.dataset));
  const result = await runTrain(task, trainerContext(store));
  const folders = runLayout(task.directory).model(task.hash);
  const record = await loadFinal(store, folders.final, task.hash);
  assert.deepEqual(result.kind === 'train' && result.digest, record?.weights.sha256);
  assert.ok(!(await store.exists(folders.attempts)));
});

test('of two trainers of one model the older commits nothing once the younger has its turn, and one model comes of it', async (t) => {
  const { store, task } = await setUp(t, { checkpoints: { everyImages: 12, keep: 1 } });
  let younger: ReturnType<typeof runTrain> | undefined;
  const older = runTrain(
    task,
    trainerContext(store, {
      progress: ({ phase }) => {
        if (phase === 'Running') younger ??= runTrain(task, trainerContext(store));
      },
    }),
  );
  const outcomes = await Promise.allSettled([older]);
  const made = await (younger ?? assert.fail());
  const [outcome] = outcomes;
  // It is fenced, or was so far that it had committed the model already.
  if (outcome?.status === 'rejected') assert.equal(outcome.reason.code, 'Fenced');
  else assert.deepEqual(outcome?.value, made);
  assert.deepEqual(await runTrain(task, trainerContext(store)), made, 'the next finds it');
});
