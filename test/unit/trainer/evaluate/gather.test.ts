import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { openBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { saveShard, shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { modelsOf, preparedOf, samplesOf } from '../../../../src/trainer/evaluate/gather.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

/** A run whose samples, in shards, are images of their own number. */
async function shardedRun(t: TestContext, count: number, shards: number, classes = 0) {
  const run = await aggregatedRun(t, { sampling: { count, shards } });
  const [task, context] = [run.evaluateTask(), trainerContext(run.store)];
  const layout = runLayout(task.directory);
  for (let shard = 0; shard < shards; shard++) {
    const range = shardRange(shard, shards, count);
    const data = new Uint8Array(range.count * 64).map((_, i) => range.first + Math.floor(i / 64));
    const frames = { shape: [1, 1, 8, 8, 1], data: new Uint8Array(64) };
    await saveShard(
      run.store,
      layout.shard(task.samples, shard),
      { hash: task.samples, shard, ...range, seconds: 2 },
      {
        images: { shape: [range.count, 8, 8, 1], data },
        trajectory: shard === 0 ? { x: frames, predicted: frames } : undefined,
        labels:
          classes === 0 ? undefined : Int32Array.from({ length: range.count }, (_, i) => (range.first + i) % classes),
      },
    );
  }
  return { run, task, context, layout, folder: (shard: number) => layout.shard(task.samples, shard) };
}

test('the first hundred samples are shown, in order across shards, with the trajectory of the first', async (t) => {
  const { task, context } = await shardedRun(t, 120, 3);
  const { images, trajectory, seconds } = await samplesOf(task, context);
  assert.deepEqual(images.shape, [100, 8, 8, 1]);
  assert.deepEqual(
    Array.from({ length: 100 }, (_, i) => images.data[i * 64]),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(trajectory?.x.shape, [1, 1, 8, 8, 1]);
  assert.equal(seconds, 6, 'of all shards together');
});

for (const file of ['images.npy', 'trajectory.npy']) {
  test(`changed samples (${file}) are detected`, async (t) => {
    const { run, task, context, folder } = await shardedRun(t, 12, 2);
    const path = join(run.root, folder(0), file);
    changeLastByte(path);
    await assert.rejects(samplesOf(task, context), {
      code: 'DigestMismatch',
      where: path,
      hint: /Delete the Job of sampling/,
    });
  });
}

test('a missing shard is named', async (t) => {
  const { run, task, context, folder } = await shardedRun(t, 12, 2);
  await run.store.remove(folder(1));
  await assert.rejects(samplesOf(task, context), {
    code: 'ModelMissing',
    message: /shard 1/,
    hint: /Delete the Job of sampling/,
  });
});

test('a missing record of the data, or one of other data, is named', async (t) => {
  const { run, task, context, layout } = await shardedRun(t, 12, 2);
  assert.equal((await preparedOf(task, context)).source.where, 'data/images.npy');
  await assert.rejects(preparedOf({ ...task, dataset: 'f'.repeat(16) }, context), {
    code: 'DigestMismatch',
    hint: /Delete the Job of preparation/,
  });
  await run.store.remove(layout.prepared(task.prepared));
  await assert.rejects(preparedOf(task, context), { code: 'ModelMissing', message: /no record of the data/ });
});

test('curves and times are those of the models’ own records, and unknown where a record is gone', async (t) => {
  const { run, task, context, layout } = await shardedRun(t, 12, 2);
  const { manifest } = await openBundle(run.store, layout.bundle(task.bundle), task.bundle);
  const models = await modelsOf(manifest, task, context);
  assert.deepEqual(
    models.map(({ index, seconds, losses }) => [index, seconds, losses.length]),
    [
      [0, 12, 4],
      [1, 12, 4],
      [2, 12, 4],
    ],
  );
  await run.store.remove(layout.model(models[1]?.hash ?? assert.fail()).final);
  const [, bare] = await modelsOf(manifest, task, context);
  assert.deepEqual([bare?.seconds, bare?.losses, bare?.digest], [null, [], models[1]?.digest]);
});

test('the first ten samples of each of the first twenty classes are shown, across shards', async (t) => {
  const { task, context } = await shardedRun(t, 75, 3, 25);
  const { classes } = await samplesOf(task, context);
  assert.deepEqual(
    classes.map(({ label, images }) => [label, images.map(([pixel]) => pixel)]),
    Array.from({ length: 20 }, (_, label) => [label, [label, label + 25, label + 50]]),
  );
  const few = await shardedRun(t, 60, 2, 3);
  const [first] = (await samplesOf(few.task, few.context)).classes;
  assert.deepEqual(
    first?.images.map(([pixel]) => pixel),
    Array.from({ length: 10 }, (_, i) => i * 3),
  );
});

test('where the models know no classes there are none', async (t) => {
  const { task, context } = await shardedRun(t, 4, 1);
  assert.deepEqual((await samplesOf(task, context)).classes, []);
});
