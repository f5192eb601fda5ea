import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { evaluationSchema } from '../../../../src/api/spec/evaluation.ts';
import { saveFeatures } from '../../../../src/trainer/artifacts/features.ts';
import { shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { preparedOf } from '../../../../src/trainer/evaluate/gather.ts';
import { judge } from '../../../../src/trainer/evaluate/judge.ts';
import { createExtractor } from '../../../../src/trainer/metrics/extractors/extractor.ts';
import { addFeatures, emptySums } from '../../../../src/trainer/metrics/statistics.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { features, statistics, writeStatistics } from '../../../helpers/features.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);
const extractor = await createExtractor(tf, { name: 'mnist-classifier' }, undefined);
const evaluation = evaluationSchema.parse({
  extractor: { name: 'mnist-classifier' },
  reference: { file: { volume: { claimName: 'statistics', path: 'r.npz' } } },
});
const values = features(100, 64, 1);

/** A run whose samples have the features above, in shards, and whose reference are their own statistics. */
async function judgedRun(t: TestContext, { count = 100, shards = 2 } = {}) {
  const run = await aggregatedRun(t, { sampling: { count, shards } });
  const task = run.evaluateTask();
  const folder = (shard: number) => runLayout(task.directory).features(task.samples, extractor.id, shard);
  for (let shard = 0; shard < shards; shard++) {
    const range = shardRange(shard, shards, count);
    const sums = emptySums(64);
    addFeatures(sums, values.subarray(range.first * 64, (range.first + range.count) * 64));
    await saveFeatures(run.store, folder(shard), sums);
  }
  const reference = join(run.root, 'volume-of-references');
  mkdirSync(reference);
  writeFileSync(join(reference, 'r.npz'), writeStatistics(statistics(values, 64)));
  const context = trainerContext(run.store, { volumes: { reference } });
  const prepared = await preparedOf(task, context);
  const judged = (more: Partial<typeof prepared> = {}) =>
    judge(tf, task, evaluation, { ...prepared, ...more }, context);
  return { run, judged, folder };
}

test('samples of all shards are at no distance from their own statistics, and it is told what that means', async (t) => {
  const { judged } = await judgedRun(t);
  const { metrics, caveats, ...rest } = await judged();
  assert.deepEqual(
    metrics.map(({ name }) => name),
    ['Fréchet distance'],
  );
  assert.ok(Math.abs(metrics[0]?.value ?? 1) < 1e-6);
  assert.ok(Number.isFinite(metrics[0]?.details.smallestEigenvalue));
  assert.deepEqual(rest, {
    extractor: 'mnist-classifier',
    extractorDigest: extractor.digest,
    dimensions: 64,
    sampleCount: 100,
    reference: { kind: 'file', where: 'statistics/r.npz', count: null },
  });
  assert.equal(caveats.length, 1, 'N matters');
});

test('changed or missing features of a shard are named', async (t) => {
  const { run, judged, folder } = await judgedRun(t);
  const path = join(run.root, folder(1), 'features.npz');
  changeLastByte(path);
  await assert.rejects(judged(), { code: 'DigestMismatch', where: path });
  await run.store.remove(folder(1));
  await assert.rejects(judged(), { code: 'ModelMissing', message: /shard 1 has no features/ });
});

test('a single sample, which has no covariance, is refused', async (t) => {
  const { judged } = await judgedRun(t, { count: 1, shards: 1 });
  await assert.rejects(judged(), { code: 'InputMismatch', message: /FrechetDistance needs 2 samples at least/ });
});

test('weights that are others than were prepared are refused', async (t) => {
  const { judged } = await judgedRun(t);
  await judged({ weights: extractor.digest });
  await assert.rejects(judged({ weights: 'f'.repeat(64) }), { code: 'DataChanged', message: /weights/ });
});
