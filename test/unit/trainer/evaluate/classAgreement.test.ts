import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mnistDigits } from '../../../../scripts/mnist.ts';
import { runLayout } from '../../../../src/api/layout.ts';
import { saveShard, shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { classAgreement, countAgreement } from '../../../../src/trainer/evaluate/classAgreement.ts';
import { createExtractor } from '../../../../src/trainer/metrics/extractors/extractor.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);
const extractor = await createExtractor(tf, { name: 'mnist-classifier' }, undefined);

test('samples are counted by the class that they were drawn to; those of the null class count nowhere', () => {
  const pairs = [
    [0, 0],
    [0, 1],
    [1, 1],
    [2, 0],
  ] as const;
  assert.deepEqual(countAgreement(2, pairs), [
    { samples: 2, right: 1 },
    { samples: 1, right: 1 },
  ]);
});

test('real digits, as samples in shards, are seen as what they are; one under a false name is not', async (t) => {
  const [count, shards, wrong] = [40, 2, 25];
  const digits = mnistDigits();
  const run = await aggregatedRun(t, { sampling: { count, shards } });
  const [task, context] = [run.evaluateTask(), trainerContext(run.store)];
  const asked = Int32Array.from(digits.labels.subarray(0, count));
  asked[wrong] = ((asked[wrong] as number) + 1) % 10;
  for (let shard = 0; shard < shards; shard++) {
    const { first, count: own } = shardRange(shard, shards, count);
    const data = digits.images.slice(first * 784, (first + own) * 784);
    await saveShard(
      run.store,
      runLayout(task.directory).shard(task.samples, shard),
      { hash: task.samples, shard, first, count: own, seconds: 1 },
      { images: { shape: [own, 28, 28, 1], data }, labels: asked.subarray(first, first + own) },
    );
  }
  const found = (await classAgreement(task, 10, extractor, context)) ?? assert.fail('nothing was counted');
  const total = (key: 'samples' | 'right') => found.reduce((sum, each) => sum + each[key], 0);
  assert.deepEqual([total('samples'), total('right')], [40, 39]);
  const { samples, right } = found[asked[wrong] as number] ?? assert.fail();
  assert.equal(samples - right, 1, 'it is missing in the class that it was drawn to');
});

test('an extractor that knows other classes than the models, or none, counts nothing', async (t) => {
  const run = await aggregatedRun(t, { sampling: { count: 2 } });
  const [task, context] = [run.evaluateTask(), trainerContext(run.store)];
  assert.equal(await classAgreement(task, 3, extractor, context), undefined);
  assert.equal(await classAgreement(task, undefined, extractor, context), undefined);
  assert.equal(await classAgreement(task, 10, {}, context), undefined);
});
