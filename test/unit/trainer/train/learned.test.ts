import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import type { LatentsDescription } from '../../../../src/trainer/data/latents.ts';
import { valuesOf } from '../../../../src/trainer/model/codec.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { drawLatent, learnedImages } from '../../../../src/trainer/train/learned.ts';
import { inTrainingOrder } from '../../../../src/trainer/train/trainingOrder.ts';
import { latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { blobs, memorySource, preparedDataset, temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const description: LatentsDescription = {
  size: 1,
  channels: 1,
  values: 'MeanAndDeviation',
  type: 'float32',
  scalingFactor: 0.5,
  shiftFactor: 1,
};

test('a latent is drawn anew each time its image is seen, and is that of its seed and position', () => {
  const draw = (position: number, seed = 1) => drawLatent(Float32Array.of(5, 4), description, seed, position)[0];
  assert.equal(draw(3), draw(3));
  assert.notEqual(draw(3), draw(4));
  assert.notEqual(draw(3), draw(3, 2));
  const drawn = Float64Array.from({ length: 4000 }, (_, i) => draw(i) as number);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
  assert.ok(Math.abs(mean - 2) < 0.15 && Math.abs(variance - 4) < 0.4, 'of N((5 − 1)/2, (4/2)²)');
});

test('batches of latents are those of their positions, however they are cut', async (t) => {
  const file = latentsNpy(
    [7, 4, 2, 2],
    'float16',
    new Float32Array(112).map((_, i) => (i % 9) / 4),
  );
  const run = latentRun(t, { file, fields: { latents: { values: 'MeanAndDeviation' } } });
  const result = await runPrepare(run.prepareTask, trainerContext(run.store, { volumes: run.volumes }));
  assert.ok(result.kind === 'prepare');
  const data = await openDataset(run.store, result.sha256.slice(0, 16));
  await assert.rejects(data.batch(0, 1), { code: 'InputMissing', message: /latents only/ });
  const learned = learnedImages(data, { seed: 5, horizontalFlips: false });
  assert.deepEqual(learned.shape, { size: 2, channels: 2 });
  const all = await learned.batch(0, 21);
  assert.notDeepEqual(all.subarray(0, 56), all.subarray(56, 112), 'another epoch');
  await fc.assert(
    fc.asyncProperty(fc.nat(20), fc.nat(20), async (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
      assert.deepEqual(await learned.batch(from, to - from), all.subarray(from * 8, to * 8));
    }),
    { numRuns: 20 },
  );
});

test('images are learned from as their pixels, in training’s order', async (t) => {
  const { store } = temporaryStore(t);
  const shape = { size: 4, channels: 1 } as const;
  const source = memorySource(blobs(6, shape), shape);
  const data = await openDataset(store, await preparedDataset(store, source));
  const learned = learnedImages(data, { seed: 3, horizontalFlips: false });
  assert.deepEqual(await learned.batch(2, 7), valuesOf(await inTrainingOrder(source, 3).batch(2, 7)));
});
