import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { loadNewestCheckpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import { type Loop, type Trained, trainLoop } from '../../../../src/trainer/train/loop.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';
import { training } from '../../../helpers/unet.ts';

/** Steps whose count is the state. @param lossOf of a step, the first being 1 */
function counter(lossOf: (step: number) => number): Pick<Loop, 'step' | 'state'> {
  let steps = 0;
  return {
    step: () => lossOf(++steps),
    state: () => ({ vectors: { names: ['steps'], size: 1 }, pieces: [Float32Array.of(steps)] }),
  };
}

const start: Trained = {
  hash: '0123456789abcdef',
  images: 0,
  seconds: 5,
  losses: [],
  pending: { sum: 0, count: 0 },
};

async function bench(
  t: TestContext,
  fields: Partial<TrainerContext> = {},
  lossOf = (step: number) => 1 / step,
  onAsked: (images: number) => void | Promise<void> = () => {},
) {
  const { store } = temporaryStore(t);
  const task = trainTask('0'.repeat(16), {
    training: training({ images: 40, batchSize: 4 }),
    checkpoints: { everyImages: 12, keep: 9 },
  });
  const context = trainerContext(store, fields);
  const { root, checkpoints } = runLayout(task.directory).model(task.hash);
  const attempt = await store.takeAttempt(`${root}/attempts`);
  const seen: number[] = [];
  const inputsAt = async (images: number) => {
    seen.push(images);
    await onAsked(images);
    return {};
  };
  const train = () => trainLoop({ task, context, attempt, ...counter(lossOf), inputsAt, start });
  const newest = () => loadNewestCheckpoint(store, checkpoints, task.hash, assert.fail);
  return { train, context, seen, newest, saved: () => store.list(checkpoints) };
}

const numbers = (names: readonly string[]) => names.map(Number);

test('every batch is seen once, in its order, and the state is saved each time that it is due', async (t) => {
  const { train, seen, saved, newest } = await bench(t);
  const { images, losses } = await train();
  assert.equal(images, 40);
  assert.deepEqual(await (await newest())?.state?.read('steps'), Float32Array.of(9));
  assert.deepEqual(
    seen,
    Array.from({ length: 10 }, (_, i) => 4 * i),
  );
  assert.deepEqual(numbers(await saved()), [12, 24, 36]);
  assert.equal(losses.at(-1)?.images, 40);
});

test('who is asked to stop saves first, and says where it is', async (t) => {
  const controller = new AbortController();
  const progress: TrainerContext['progress'] = ({ done }) => done === 20 && controller.abort();
  const { train, saved } = await bench(t, { signal: controller.signal, progress });
  await assert.rejects(train(), { code: 'Interrupted', message: /after 20 images; the state is saved/ });
  assert.deepEqual(numbers(await saved()), [12, 20]);
});

test('who is asked to stop while the data do not come does not wait for them', async (t) => {
  const controller = new AbortController();
  const { train, saved } = await bench(t, { signal: controller.signal }, undefined, (images) => {
    if (images < 16) return;
    setImmediate(() => controller.abort());
    return new Promise(() => {});
  });
  await assert.rejects(train(), { code: 'Interrupted', message: /after 16 images; the state is saved/ });
  assert.deepEqual(numbers(await saved()), [12, 16]);
});

test('a loss that is no number ends it at once, and is never saved', async (t) => {
  const { train, saved } = await bench(t, {}, (step) => (step === 6 ? Number.NaN : 1));
  await assert.rejects(train(), { code: 'Diverged' });
  assert.deepEqual(numbers(await saved()), [12]);
});
