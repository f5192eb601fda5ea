import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { type Evaluation, evaluationSchema } from '../../../../src/api/spec/evaluation.ts';
import { loadPrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { referenceOf } from '../../../../src/trainer/evaluate/reference.ts';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';
import type { FeatureExtractor } from '../../../../src/trainer/metrics/extractors/extractor.ts';
import { emptySums } from '../../../../src/trainer/metrics/statistics.ts';
import { writeStatistics } from '../../../helpers/features.ts';
import { aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

/** Counts images, and says of how many features were asked for. */
function countingExtractor(asked: number[]): FeatureExtractor {
  return {
    name: 'mnist-classifier',
    digest: '0'.repeat(64),
    id: 'mnist-classifier-00000000',
    dimensions: 4,
    async sums({ count }, onBatch) {
      await onBatch(count);
      asked.push(count);
      return { ...emptySums(4), count };
    },
  };
}

async function referenceRun(t: TestContext) {
  const run = await aggregatedRun(t);
  const task = run.evaluateTask();
  const volume = join(run.root, 'volume-of-references');
  mkdirSync(volume);
  const asked: number[] = [];
  const prepared =
    (await loadPrepared(run.store, runLayout(task.directory).prepared(task.prepared), task.prepared)) ?? assert.fail();
  const judgedBy = (reference: object): Evaluation =>
    evaluationSchema.parse({ extractor: { name: 'mnist-classifier' }, reference });
  return {
    volume,
    asked,
    file: join(volume, 'statistics.npz'),
    references: () => run.store.list(`${task.directory}/references`),
    of: (reference: object, more: Partial<typeof prepared> = {}, signal = new AbortController().signal) =>
      referenceOf(
        task,
        judgedBy(reference),
        { ...prepared, ...more },
        countingExtractor(asked),
        trainerContext(run.store, { volumes: { reference: volume }, signal }),
      ),
  };
}

const ofFile = { file: { volume: { claimName: 'statistics', path: 'statistics.npz' } } };

/** Bytes of statistics with these variances, independent of one another. */
function statisticsOf(...variances: number[]): Uint8Array {
  const dimensions = variances.length;
  const covariance = new Float64Array(dimensions ** 2);
  for (const [i, variance] of variances.entries()) covariance[i * (dimensions + 1)] = variance;
  return writeStatistics({ count: undefined, dimensions, mean: new Float64Array(dimensions), covariance });
}

test("the dataset's features are computed once, and those of its first images apart", async (t) => {
  const { of, asked, references } = await referenceRun(t);
  const whole = await of({ fromDataset: {} });
  assert.deepEqual(whole.description, { kind: 'dataset', where: 'data/images.npy', count: 40 });
  assert.equal((await of({ fromDataset: { limit: 1000 } })).description.count, 40);
  assert.equal((await of({ fromDataset: { limit: 10 } })).description.count, 10);
  assert.equal((await of({ fromDataset: { limit: 10 } })).statistics.count, 10);
  assert.deepEqual(asked, [40, 10]);
  const names = await references();
  assert.equal(names.length, 2);
  for (const name of names) assert.match(name, /^[0-9a-f]{16}(-first-10)?-mnist-classifier-00000000$/);
});

test('a signal ends the features of the dataset, and nothing half-done is left', async (t) => {
  const { of, references } = await referenceRun(t);
  await assert.rejects(of({ fromDataset: {} }, {}, AbortSignal.abort()), { code: 'Interrupted' });
  assert.deepEqual(await references(), []);
});

test('statistics of a file are compared with, whose N is not known', async (t) => {
  const { of, file } = await referenceRun(t);
  writeFileSync(file, statisticsOf(1, 2, 3, 4));
  const { statistics, description } = await of(ofFile);
  assert.deepEqual(description, { kind: 'file', where: 'statistics/statistics.npz', count: null });
  assert.equal(statistics.count, undefined);
  assert.equal(statistics.covariance[5], 2);
});

test('statistics of other features are refused', async (t) => {
  const { of, file } = await referenceRun(t);
  writeFileSync(file, statisticsOf(1, 2, 3));
  await assert.rejects(of(ofFile), { code: 'InputMismatch', where: file, message: /3 values.*mnist-classifier/ });
});

test('statistics that cannot be a covariance are refused', async (t) => {
  const { of, file } = await referenceRun(t);
  writeFileSync(file, statisticsOf(1, 2, -3, 4));
  await assert.rejects(of(ofFile), { code: 'InputForeign', where: file, message: /eigenvalue of -3 or less/ });
});

test('a file that is another than was prepared is refused', async (t) => {
  const { of, file } = await referenceRun(t);
  writeFileSync(file, statisticsOf(1, 2, 3, 4));
  await of(ofFile, { reference: sha256(statisticsOf(1, 2, 3, 4)) });
  await assert.rejects(of(ofFile, { reference: sha256(statisticsOf(1, 2, 3, 5)) }), {
    code: 'DataChanged',
    where: file,
    hint: /dataset\.revision/,
  });
});

test('a link out of the reference’s volume is refused, and a missing file is named', async (t) => {
  const { of, file, volume } = await referenceRun(t);
  await assert.rejects(of(ofFile), { code: 'InputMissing', where: 'statistics.npz' });
  writeFileSync(file, statisticsOf(1, 2, 3, 4));
  renameSync(file, join(volume, '..', 'outside.npz'));
  symlinkSync('../outside.npz', file);
  await assert.rejects(of(ofFile), { code: 'InputUnsafe', where: 'statistics.npz' });
});
