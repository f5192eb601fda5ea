import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { saveCheckpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import { isDue, startingPoint } from '../../../../src/trainer/train/checkpoints.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { trainTask } from '../../../helpers/training.ts';

const task = trainTask('0123456789abcdef', { checkpoints: { everyImages: 10, keep: 2 } });
const { checkpoints } = runLayout(task.directory).model(task.hash);
const parameters = [{ name: 'g', shape: [2], initial: { kind: 'ones' } as const }];

test('the state is saved where a multiple has been passed, but not at the end', () => {
  const due = Array.from({ length: 10 }, (_, i) => (i + 1) * 4).filter((images) => isDue(images, task, 40));
  assert.deepEqual(due, [12, 20, 32]);
});

test('training begins with initial weights, and goes on at the newest checkpoint', async (t) => {
  const { store } = temporaryStore(t);
  const begin = () => startingPoint(task, checkpoints, parameters, trainerContext(store));
  const first = await begin();
  assert.deepEqual([first.images, first.seconds, first.losses], [0, 0, []]);
  assert.deepEqual(first.state.weights, Float32Array.of(1, 1));
  const later = { ...first, images: 20, seconds: 3, losses: [{ images: 20, loss: 0.5 }] };
  await saveCheckpoint(store, checkpoints, later, 2);
  assert.deepEqual(await begin(), later);
});
