import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { saveCheckpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import { isDue, startingPoint } from '../../../../src/trainer/train/checkpoints.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';

const task = trainTask('0123456789abcdef', { checkpoints: { everyImages: 10, keep: 2 } });
const { checkpoints } = runLayout(task.directory).model(task.hash);

test('the state is saved where a multiple has been passed, but not at the end', () => {
  const due = Array.from({ length: 10 }, (_, i) => (i + 1) * 4).filter((images) => isDue(images, task, 40));
  assert.deepEqual(due, [12, 20, 32]);
});

test('training begins without a state, and goes on at the newest checkpoint', async (t) => {
  const { store } = temporaryStore(t);
  const begin = () => startingPoint(task, checkpoints, trainerContext(store));
  const first = await begin();
  assert.deepEqual([first.images, first.seconds, first.losses, first.state], [0, 0, [], undefined]);
  const later = { ...first, images: 20, seconds: 3, losses: [{ images: 20, loss: 0.5 }] };
  const content = { ...later, vectors: { names: ['weights'], size: 1 }, pieces: [Float32Array.of(3)] };
  await saveCheckpoint(store, checkpoints, content, 2);
  const { state, ...rest } = await begin();
  assert.deepEqual(rest, later);
  assert.deepEqual(await state?.read('weights'), Float32Array.of(3));
});
