import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { loadFeatures, readStatistics, writeStatistics } from '../../../../src/trainer/artifacts/features.ts';
import { reportSchema } from '../../../../src/trainer/artifacts/report.ts';
import { runEvaluate } from '../../../../src/trainer/evaluate/evaluate.ts';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';
import { mergeSums, statisticsOf } from '../../../../src/trainer/metrics/statistics.ts';
import { runSample } from '../../../../src/trainer/sample/sample.ts';
import { type AggregatedRun, aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

const fields = {
  sampling: { count: 12, batchSize: 4, shards: 2 },
  evaluation: { extractor: { name: 'mnist-classifier' } },
};

const fileEvaluation = (path: string) => ({
  extractor: { name: 'mnist-classifier' },
  reference: { file: { volume: { claimName: 'statistics', path } } },
});

/** Makes the folder that the reference's claim would be mounted at. */
function referenceFolder({ volumes }: AggregatedRun): string {
  const folder = join(volumes.run, '..', 'reference');
  mkdirSync(folder);
  return folder;
}

const layoutOf = ({ volumes }: AggregatedRun) => runLayout(volumes.run, 'runs/test');

async function sampledRun(t: TestContext, more: Record<string, unknown> = {}): Promise<AggregatedRun> {
  const run = await aggregatedRun(t, { ...fields, ...more });
  const task = run.sampleTask();
  for (let completionIndex = 0; completionIndex < task.sampling.shards; completionIndex++)
    await runSample(task, trainerContext(run.volumes, { completionIndex }));
  return run;
}

const evaluate = (run: AggregatedRun, context = trainerContext(run.volumes)) =>
  runEvaluate(run.evaluateTask(), context);

function change(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  writeFileSync(path, bytes);
}

test('a report has the distance with all that it depends on, its page and its pictures', async (t) => {
  const run = await sampledRun(t);
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  const folder = join(run.volumes.run, result.path);
  assert.deepEqual(readdirSync(folder).sort(), ['report.html', 'report.json', 'samples.png', 'walk.png']);
  const bytes = readFileSync(join(folder, 'report.json'));
  assert.equal(result.digest, sha256(bytes));
  const report = reportSchema.parse(JSON.parse(bytes.toString()));
  const { evaluation } = report;
  assert.equal(evaluation?.metric, 'Fréchet distance');
  assert.equal(evaluation.sampleCount, 12);
  assert.deepEqual(evaluation.reference, { kind: 'dataset', where: 'data/images.npy', count: 40 });
  assert.ok(evaluation.distance > 0);
  assert.equal(evaluation.caveats.length, 3, 'both sides have fewer images than features, and N matters');
  assert.equal(result.frechetDistance, evaluation.distance);
  assert.equal(result.extractorDigest, evaluation.extractorDigest);
  assert.equal(report.models.length, 3);
  assert.equal(report.models[0]?.losses.length, 4);
  assert.equal(report.models[0]?.seconds, 12);
  assert.equal(report.software.tensorflow, '2.21.0');

  const again = trainerContext(run.volumes);
  rmSync(layoutOf(run).bundle(run.evaluateTask().bundle), { recursive: true }); // what is there is kept
  assert.deepEqual(await evaluate(run, again), result);
  assert.equal(again.reported.at(-1)?.phase, 'Done');
});

test('the distance of the samples to their own statistics is 0', async (t) => {
  const run = await sampledRun(t, { evaluation: fileEvaluation('own.npz') });
  const samples = layoutOf(run).samples(run.sampleTask().hash);
  const features = readdirSync(samples).filter((name) => name.startsWith('features-'));
  const sums = await Promise.all(
    features.map(async (name) => (await loadFeatures(join(samples, name))) ?? assert.fail()),
  );
  const own = statisticsOf(sums.reduce(mergeSums));
  const reference = referenceFolder(run);
  writeFileSync(join(reference, 'own.npz'), writeStatistics(own));
  const result = await runEvaluate(run.evaluateTask(), trainerContext({ ...run.volumes, reference }));
  assert.ok(result.kind === 'evaluate');
  const spread = own.covariance.reduce((sum, value, at) => (at % (own.dimensions + 1) === 0 ? sum + value : sum), 0);
  // The covariance of 12 samples has 53 eigenvalues of 0, whose roots are of the order of √rounding.
  assert.ok(Math.abs(result.frechetDistance ?? 1) < 1e-5 * spread, `${result.frechetDistance} of ${spread}`);
});

test("the dataset's features are kept, and another evaluation does not compute them again", async (t) => {
  const run = await sampledRun(t);
  const first = await evaluate(run);
  const references = join(layoutOf(run).root, 'references');
  assert.equal(readdirSync(references).length, 1);
  const context = trainerContext(run.volumes);
  const second = await runEvaluate(run.evaluateTask({ hash: 'e'.repeat(16) }), context);
  assert.ok(first.kind === 'evaluate' && second.kind === 'evaluate');
  assert.equal(second.frechetDistance, first.frechetDistance);
  assert.deepEqual(
    context.reported.map(({ phase }) => phase).filter((phase) => phase !== 'Starting'),
    ['Done'],
    'no batch of the dataset went through the network',
  );
});

test('without evaluation there is a report without distance', async (t) => {
  const run = await sampledRun(t, { evaluation: undefined });
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  assert.equal(result.frechetDistance, undefined);
  const report = reportSchema.parse(
    JSON.parse(readFileSync(join(run.volumes.run, result.path, 'report.json'), 'utf8')),
  );
  assert.equal(report.evaluation, null);
  assert.equal(existsSync(join(layoutOf(run).root, 'references')), false);
});

for (const file of ['images.npy', 'walk.npy']) {
  test(`changed samples (${file}) are detected`, async (t) => {
    const run = await sampledRun(t);
    const path = join(layoutOf(run).shard(run.sampleTask().hash, 0), file);
    change(path);
    await assert.rejects(evaluate(run), { code: 'DigestMismatch', where: path, hint: /Delete the Job of sampling/ });
    assert.equal(existsSync(layoutOf(run).report(run.evaluateTask().hash)), false);
  });
}

test('changed or missing features of a shard are named', async (t) => {
  const run = await sampledRun(t);
  const samples = layoutOf(run).samples(run.sampleTask().hash);
  const name = readdirSync(samples).find((folder) => /^features-.*-0001$/.test(folder)) ?? assert.fail();
  change(join(samples, name, 'features.npz'));
  await assert.rejects(evaluate(run), { code: 'DigestMismatch', where: join(samples, name, 'features.npz') });
  rmSync(join(samples, name), { recursive: true });
  await assert.rejects(evaluate(run), { code: 'ModelMissing', message: /shard 1 has no features/ });
});

test('a missing shard is named', async (t) => {
  const run = await sampledRun(t);
  rmSync(layoutOf(run).shard(run.sampleTask().hash, 1), { recursive: true });
  await assert.rejects(evaluate(run), { code: 'ModelMissing', message: /shard 1/, hint: /Delete the Job of sampling/ });
});

test('damaged reference statistics and a damaged report are made anew', async (t) => {
  const run = await sampledRun(t);
  const first = await evaluate(run);
  const references = join(layoutOf(run).root, 'references');
  const [reference = ''] = readdirSync(references);
  change(join(references, reference, 'features.npz'));
  rmSync(join(layoutOf(run).report(run.evaluateTask().hash), 'report.json'));
  assert.deepEqual(await evaluate(run), first);
  assert.equal(readdirSync(references).filter((name) => name.startsWith('damaged-')).length, 1);
});

/** A run whose reference is a file of mu and sigma of so many features. */
async function fileReference(t: TestContext, dimensions: number) {
  const run = await sampledRun(t, { evaluation: fileEvaluation('statistics.npz') });
  const reference = referenceFolder(run);
  const covariance = new Float64Array(dimensions ** 2);
  for (let i = 0; i < dimensions; i++) covariance[i * dimensions + i] = 1;
  const mean = new Float64Array(dimensions);
  writeFileSync(join(reference, 'statistics.npz'), writeStatistics({ count: undefined, dimensions, mean, covariance }));
  return { reference, judge: () => runEvaluate(run.evaluateTask(), trainerContext({ ...run.volumes, reference })) };
}

test('statistics of a file are compared with, whose N is not known', async (t) => {
  const result = await (await fileReference(t, 64)).judge();
  assert.ok(result.kind === 'evaluate');
  assert.ok((result.frechetDistance ?? 0) > 0);
  assert.equal(result.referenceCount, undefined);
});

test('statistics of other features are refused', async (t) => {
  const { judge } = await fileReference(t, 2048);
  await assert.rejects(judge(), { code: 'InputMismatch', message: /2048 values.*mnist-classifier/ });
});

test('statistics that are not finite are refused', async (t) => {
  const { reference, judge } = await fileReference(t, 64);
  const file = join(reference, 'statistics.npz');
  const statistics = readStatistics(readFileSync(file), file);
  statistics.covariance[5] = Number.NaN;
  writeFileSync(file, writeStatistics(statistics));
  await assert.rejects(judge(), { code: 'InputForeign', where: file });
});

test('a link out of the reference’s volume is refused, and a missing file is named', async (t) => {
  const { reference, judge } = await fileReference(t, 64);
  const file = join(reference, 'statistics.npz');
  renameSync(file, join(reference, '..', 'outside.npz'));
  await assert.rejects(judge(), { code: 'InputMissing', where: 'statistics.npz' });
  symlinkSync('../outside.npz', file);
  await assert.rejects(judge(), { code: 'InputUnsafe', where: 'statistics.npz' });
});

test('a signal ends it, and nothing half-done is left', async (t) => {
  const run = await sampledRun(t);
  const signal = AbortSignal.abort();
  await assert.rejects(evaluate(run, trainerContext(run.volumes, { signal })), { code: 'Interrupted', exitCode: 75 });
  assert.equal(existsSync(layoutOf(run).report(run.evaluateTask().hash)), false);
});
