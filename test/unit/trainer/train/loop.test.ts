import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { Checkpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import type { Program } from '../../../../src/trainer/engine/program.ts';
import { trainLoop } from '../../../../src/trainer/train/loop.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';
import { training } from '../../../helpers/unet.ts';

/** A program that counts its steps in its state. @param lossOf of a step, the first being 1 */
function counter(lossOf: (step: number) => number): Program {
  let steps = 0;
  return {
    write: ({ steps: values }) => {
      steps = values?.[0] ?? 0;
    },
    run: () => ({ loss: Float32Array.of(lossOf(++steps)) }),
    read: () => ({ steps: Float32Array.of(steps) }),
    dispose: () => {},
  };
}

const start: Checkpoint = {
  hash: '0123456789abcdef',
  images: 0,
  seconds: 5,
  losses: [],
  pending: { sum: 0, count: 0 },
  state: {},
};

async function bench(t: TestContext, fields: Partial<TrainerContext> = {}, lossOf = (step: number) => 1 / step) {
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
    return {};
  };
  const train = () => trainLoop({ task, context, attempt, program: counter(lossOf), inputsAt, start });
  return { train, context, seen, saved: () => store.list(checkpoints) };
}

const numbers = (names: readonly string[]) => names.map(Number);

test('every batch is seen once, in its order, and the state is saved each time that it is due', async (t) => {
  const { train, seen, saved } = await bench(t);
  const { images, state, losses } = await train();
  assert.deepEqual([images, state.steps?.[0]], [40, 10]);
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

test('a loss that is no number ends it at once, and is never saved', async (t) => {
  const { train, saved } = await bench(t, {}, (step) => (step === 6 ? Number.NaN : 1));
  await assert.rejects(train(), { code: 'Diverged' });
  assert.deepEqual(numbers(await saved()), [12]);
});
