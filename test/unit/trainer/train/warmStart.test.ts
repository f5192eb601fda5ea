import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { scheduleSchema } from '../../../../src/api/spec/schedule.ts';
import type { TrainTask } from '../../../../src/api/task.ts';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { loadFinal, weightsFile } from '../../../../src/trainer/artifacts/finalModel.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import { readSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { runTrain } from '../../../../src/trainer/train/train.ts';
import { startingWeights } from '../../../../src/trainer/train/warmStart.ts';
import { beginnerOf } from '../../../../src/trainer/warmStart/beginner.ts';
import { openWarmStart } from '../../../../src/trainer/warmStart/open.ts';
import {
  type AggregatedRun,
  aggregatedRun,
  blobs,
  memorySource,
  preparedDataset,
  temporaryStore,
  trainerContext,
} from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';
import { training } from '../../../helpers/unet.ts';
import { bundledWeights, bundlePath, collected, exportedPath, startAt } from '../../../helpers/warmStart.ts';

const shape = { size: 8, channels: 1 } as const;

/** A store with data, and the task of a model of two states that begins from a folder of another run's volume. */
async function setUp(t: TestContext, run: AggregatedRun, path: string, fields: Partial<TrainTask> = {}) {
  const { store } = temporaryStore(t);
  const dataset = await preparedDataset(store, memorySource(blobs(50, shape), shape));
  const volumes = { warmStart: run.root };
  const { digest } = await openWarmStart(startAt(path), run.root);
  const own = fields.training ?? training({ images: 0, ema: { further: [5] } });
  const task = trainTask(dataset, {
    schedule: scheduleSchema.parse({ states: 4, statesPerModel: 1 }),
    model: run.spec.model,
    ...fields,
    training: { ...own, warmStart: startAt(path) },
    warmStartDigest: digest,
  });
  const train = (context: Partial<TrainerContext> = {}, changed: Partial<TrainTask> = {}) =>
    runTrain({ ...task, ...changed }, trainerContext(store, { volumes, ...context }));
  /** Weights of the trained model, by name. */
  async function weights(average = 0, { hash } = task): Promise<Record<string, Float32Array>> {
    const { final } = runLayout(task.directory).model(hash);
    assert.ok(await loadFinal(store, final, hash));
    const bytes = (await store.read(`${final}/${weightsFile(average)}`)) ?? assert.fail();
    return Object.fromEntries([...readSafetensors(bytes, final).tensors].map(([name, { values }]) => [name, values]));
  }
  return { task, train, weights };
}

test('a model that sees no image is the nearest of the bundle, in all its averages', async (t) => {
  const run = await aggregatedRun(t);
  const { task, train, weights } = await setUp(t, run, bundlePath(run));
  const models = [0, 1, 2].map((index) => bundledWeights(run, index));
  const taken: number[] = [];
  for (const index of [0, 3]) {
    const hash = `${index}`.repeat(16);
    await train({}, { index, hash });
    const own = await weights(0, { ...task, hash });
    assert.deepEqual(await weights(1, { ...task, hash }), own);
    const all = await Promise.all(models);
    taken.push(all.findIndex((each) => JSON.stringify(each['in.w']) === JSON.stringify(own['in.w'])));
    assert.deepEqual(own, all[taken.at(-1) as number]);
  }
  assert.deepEqual(taken, [0, 2], 'cleaner states take cleaner models');
});

test('a joint model, as a bundle or in diffusers’ layout, begins every state', async (t) => {
  const model = { baseChannels: 8, channelMultipliers: [1, 2], timeEmbedding: 'Always' };
  const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel: 3 }, model });
  const joint = await bundledWeights(run, 0);
  const context = trainerContext(run.store, { volumes: { warmStart: run.root } });
  for (const path of [bundlePath(run), await exportedPath(run)]) {
    const { task } = await setUp(t, run, path);
    const network = beginnerOf({ model: task.model, prediction: 'V' }, 1, shape, {});
    for (const state of latentStates(task.schedule)) {
      const weights = (await startingWeights(task, network, [state], context)) ?? assert.fail();
      assert.deepEqual(await collected(weights), joint);
    }
  }
});

test('without a folder nothing is read, and other weights than were prepared are refused', async (t) => {
  const run = await aggregatedRun(t);
  const { task, train } = await setUp(t, run, bundlePath(run));
  const network = beginnerOf({ model: task.model, prediction: 'V' }, 1, shape, {});
  const { warmStart: _, ...anew } = task.training;
  const context = trainerContext(run.store);
  const states = latentStates(task.schedule).slice(0, 1);
  assert.equal(await startingWeights({ training: anew }, network, states, context), undefined);
  await assert.rejects(train({}, { warmStartDigest: 'f'.repeat(64) }), {
    code: 'DataChanged',
    hint: /dataset\.revision/,
  });
  await assert.rejects(train({}, { model: { ...task.model, normGroups: 4 } }), { code: 'InputMismatch' });
});

test('a training that was interrupted ends as one that was not, and does not read the folder again', async (t) => {
  const run = await aggregatedRun(t);
  const fields = { training: training({ images: 16 }), checkpoints: { everyImages: 8, keep: 1 } };
  const whole = await setUp(t, run, bundlePath(run), fields);
  await whole.train();
  const cut = await setUp(t, run, bundlePath(run), fields);
  const controller = new AbortController();
  const progress: TrainerContext['progress'] = ({ phase }) => phase === 'Saving' && controller.abort();
  await assert.rejects(cut.train({ signal: controller.signal, progress }), { code: 'Interrupted' });
  await cut.train({ volumes: {} });
  assert.deepEqual(await cut.weights(), await whole.weights());
  assert.notDeepEqual(await whole.weights(), await bundledWeights(run, 0), 'it has learned');
});
