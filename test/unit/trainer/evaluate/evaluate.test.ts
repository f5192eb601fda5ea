import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import type { TaskResult } from '../../../../src/api/termination.ts';
import { runAggregate } from '../../../../src/trainer/aggregate/aggregate.ts';
import { reportContents, shardContents } from '../../../../src/trainer/artifacts/contents.ts';
import { loadPrepared, savePrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { verifyRecorded } from '../../../../src/trainer/artifacts/records.ts';
import { reportSchema } from '../../../../src/trainer/artifacts/report.ts';
import { saveShard } from '../../../../src/trainer/artifacts/samples.ts';
import { runEvaluate } from '../../../../src/trainer/evaluate/evaluate.ts';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';
import { runSample } from '../../../../src/trainer/sample/sample.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { aggregatedLatents, latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { type AggregatedRun, aggregatedRun, type TestConditions, trainerContext } from '../../../helpers/trainer.ts';

const fields = {
  sampling: { count: 12, batchSize: 4, shards: 2 },
  evaluation: { extractor: { name: 'mnist-classifier' } },
};

const layout = runLayout('runs/test');

/** A dataset with classes. */
const labelled = {
  source: { volume: { claimName: 'data', path: 'images.npy' } },
  format: 'Npy',
  image: { size: 8, channels: 1 },
  labels: { classes: 3, from: 'Npy', path: 'labels.npy' },
};

/** Path of a key. */
const at = ({ root }: AggregatedRun, key: string) => join(root, key);
const references = 'runs/test/references';

/** The first metric's value. */
const firstValue = (result: TaskResult) => (result.kind === 'evaluate' ? result.metrics[0]?.value : undefined);

async function sampledRun(
  t: TestContext,
  more: Record<string, unknown> = {},
  conditions: TestConditions = {},
): Promise<AggregatedRun> {
  const run = await aggregatedRun(t, { ...fields, ...more }, { conditions });
  const task = run.sampleTask();
  for (let completionIndex = 0; completionIndex < task.sampling.shards; completionIndex++)
    await runSample(task, trainerContext(run.store, { completionIndex }));
  return run;
}

const evaluate = (run: AggregatedRun, context = trainerContext(run.store)) => runEvaluate(run.evaluateTask(), context);

test('a report has the distance with all that it depends on, its page and its pictures', async (t) => {
  const run = await sampledRun(t);
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  const folder = at(run, result.path);
  assert.deepEqual(readdirSync(folder).sort(), ['report.html', 'report.json', 'samples.png', 'trajectory.png']);
  const bytes = readFileSync(join(folder, 'report.json'));
  assert.equal(result.digest, sha256(bytes));
  const report = reportSchema.parse(JSON.parse(bytes.toString()));
  const { files } = await reportContents({ store: run.store, key: result.path }, result.digest);
  assert.deepEqual(files.map(({ name }) => name).sort(), ['report.html', 'samples.png', 'trajectory.png']);
  for (const { name, ...record } of files) await verifyRecorded(run.store, `${result.path}/${name}`, record);
  assert.equal((await shardContents({ store: run.store, key: `${report.samples?.path}/shard-0001` })).files.length, 1);
  const { evaluation } = report;
  assert.equal(evaluation?.sampleCount, 12);
  assert.deepEqual(evaluation.reference, { kind: 'dataset', where: 'data/images.npy', count: 40 });
  const [metric = assert.fail(), ...others] = evaluation.metrics;
  assert.deepEqual(others, []);
  assert.equal(metric.name, 'Fréchet distance');
  assert.ok(metric.value > 0);
  assert.ok(Math.abs(metric.details.smallestEigenvalue ?? 1) < 1e-3);
  assert.equal(evaluation.caveats.length, 3, 'both sides have fewer images than features, and N matters');
  assert.deepEqual(result.metrics, [{ name: metric.name, value: metric.value }]);
  assert.deepEqual(result.caveats, evaluation.caveats);
  assert.equal(result.extractorDigest, evaluation.extractorDigest);
  assert.equal(report.models.length, 3);
  assert.equal(report.models[0]?.losses.length, 4);
  assert.equal(report.models[0]?.seconds, 12);
  assert.equal(report.software.tensorflow, '2.21.0');

  const again = trainerContext(run.store);
  rmSync(at(run, layout.bundle(run.evaluateTask().bundle)), { recursive: true }); // what is there is kept
  assert.deepEqual(await evaluate(run, again), result);
  assert.equal(again.reported.at(-1)?.phase, 'Done');
});

test("the dataset's features are kept, and another evaluation does not compute them again", async (t) => {
  const run = await sampledRun(t);
  const first = await evaluate(run);
  assert.equal(readdirSync(at(run, references)).length, 1);
  const context = trainerContext(run.store);
  const second = await runEvaluate(run.evaluateTask({ hash: 'e'.repeat(16) }), context);
  assert.equal(firstValue(second), firstValue(first));
  assert.deepEqual(
    context.reported.map(({ phase }) => phase).filter((phase) => phase !== 'Starting'),
    ['Done'],
    'no batch of the dataset went through the network',
  );
});

test('the report says where the data came from, what was left out of it and what to know of it', async (t) => {
  const run = await sampledRun(t, { evaluation: undefined });
  const folder = layout.prepared(run.evaluateTask().prepared);
  const record = (await loadPrepared(run.store, folder, run.evaluateTask().prepared)) ?? assert.fail();
  const found = {
    leftOut: { count: 2, bySuffix: { '.txt': 2 }, examples: ['a.txt', 'b.txt'] },
    broken: { count: 1, examples: [{ name: 'x\\xff.png', message: 'ends within its data' }] },
    notices: ['3 images were not square.'],
  };
  await run.store.remove(folder);
  await savePrepared(run.store, folder, { ...record, ...found });
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  const { dataset } = reportSchema.parse(JSON.parse(readFileSync(join(at(run, result.path), 'report.json'), 'utf8')));
  assert.deepEqual(dataset, { ...record.dataset, source: record.source, ...found });
  assert.match(readFileSync(join(at(run, result.path), 'report.html'), 'utf8'), /3 images were not square\./);
});

test('without evaluation there is a report without distance', async (t) => {
  const run = await sampledRun(t, { evaluation: undefined });
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  assert.deepEqual(result.metrics, []);
  const report = reportSchema.parse(JSON.parse(readFileSync(join(at(run, result.path), 'report.json'), 'utf8')));
  assert.equal(report.evaluation, null);
  assert.equal(existsSync(at(run, references)), false);
});

test('damaged reference statistics and a damaged report are made anew', async (t) => {
  const run = await sampledRun(t);
  const first = await evaluate(run);
  const [reference = ''] = readdirSync(at(run, references));
  changeLastByte(join(at(run, references), reference, 'features.npz'));
  rmSync(join(at(run, layout.report(run.evaluateTask().hash)), 'report.json'));
  assert.deepEqual(await evaluate(run), first);
  assert.equal(readdirSync(at(run, references)).filter((name) => name.startsWith('damaged-')).length, 1);
});

test('a signal ends it, and nothing half-done is left', async (t) => {
  const run = await sampledRun(t);
  const signal = AbortSignal.abort();
  await assert.rejects(evaluate(run, trainerContext(run.store, { signal })), { code: 'Interrupted', exitCode: 75 });
  assert.equal(existsSync(at(run, layout.report(run.evaluateTask().hash))), false);
});

test('samples that are all grey are found to be washed out, with a schedule to paste', async (t) => {
  const run = await aggregatedRun(t, {
    schedule: { states: 3, alphas: 'Recomputed' },
    sampling: { count: 40 },
    evaluation: undefined,
  });
  const { samples } = run.evaluateTask();
  const images = { shape: [40, 8, 8, 1], data: new Uint8Array(40 * 64).fill(128) };
  const record = { hash: samples, shard: 0, first: 0, count: 40, seconds: 1 };
  await saveShard(run.store, layout.shard(samples, 0), record, { images });
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  assert.deepEqual(
    result.findings?.map(({ signature }) => signature),
    ['WashedOut'],
  );
  const { findings } = reportSchema.parse(JSON.parse(readFileSync(join(at(run, result.path), 'report.json'), 'utf8')));
  assert.match(findings[0]?.yaml ?? '', /^schedule: \{ .*alphas: Mapped \}$/);
  assert.match(readFileSync(join(at(run, result.path), 'report.html'), 'utf8'), /What stands out/);
});

test('the report of models that know classes shows samples of each, and says how they were drawn', async (t) => {
  const labels = { classes: 3, names: ['ant', 'bee', 'cat'], values: new Int32Array(40) };
  const sampling = {
    count: 6,
    batchSize: 4,
    shards: 2,
    guidance: { scale: 2 },
    labels: { from: 'Listed', list: [2, 0] },
  };
  const spec = { sampling, dataset: labelled, training: { conditionDropout: 0.1 }, evaluation: undefined };
  const run = await sampledRun(t, spec, { labels });
  const result = await evaluate(run);
  assert.ok(result.kind === 'evaluate');
  const folder = at(run, result.path);
  assert.ok(existsSync(join(folder, 'classes.png')));
  const report = reportSchema.parse(JSON.parse(readFileSync(join(folder, 'report.json')).toString()));
  assert.deepEqual(report.conditions?.labels?.names, ['ant', 'bee', 'cat']);
  assert.deepEqual(report.sampling.guidance, { scale: 2 });
  const page = readFileSync(join(folder, 'report.html')).toString();
  assert.match(page, /Samples by class[\s\S]*ant[\s\S]*cat/);
  assert.doesNotMatch(page, /samples of bee/);
});

test('pictures of latents are not compared with moments of latents, also where both have as many values', async (t) => {
  const latents = { file: latentsNpy([40, 4, 2, 2], 'float32'), fields: { latents: {} } };
  const run = latentRun(t, latents, { count: 40, batchSize: 8 }, 4);
  const { result, sample } = await aggregatedLatents(run);
  const context = trainerContext(run.store, { volumes: run.volumes });
  await runSample(sample, context);
  const { hash: samples, directory, bundle, sampling } = sample;
  const own = { run: { name: 'test', namespace: 'default' }, prepared: run.prepareTask.hash, threads: 1 };
  const dataset = result.sha256.slice(0, 16);
  const task = {
    kind: 'evaluate' as const,
    hash: '0'.repeat(16),
    directory,
    dataset,
    bundle,
    samples,
    sampling,
    ...own,
  };
  const judged = await runEvaluate(task, context);
  assert.ok(judged.kind === 'evaluate');
  const report = reportSchema.parse(JSON.parse(readFileSync(join(run.root, judged.path, 'report.json'), 'utf8')));
  assert.deepEqual([report.findings, report.latents?.channels], [[], 4]);
});

test('of a bundle with holes samples are drawn, and the report says of what they are', async (t) => {
  const run = await aggregatedRun(t, { ...fields, sampling: { ...fields.sampling, shards: 1 } });
  const [first = '', , third = ''] = run.aggregateTask.models;
  const bundle = '00000000000000cc';
  const models = [first, null, third];
  const aggregate = { ...run.aggregateTask, hash: bundle, models, schedule: run.spec.schedule };
  await runAggregate(aggregate, trainerContext(run.store));
  await runSample(run.sampleTask({ bundle }), trainerContext(run.store));
  const result = await runEvaluate(run.evaluateTask({ bundle }), trainerContext(run.store));
  assert.ok(result.kind === 'evaluate');
  assert.equal(result.coverage, '2 of 3 states');
  assert.match(result.caveats[0] ?? '', /^Coverage 2 of 3 states: state 1 has no model/);
  const report = reportSchema.parse(JSON.parse(readFileSync(at(run, `${result.path}/report.json`), 'utf8')));
  assert.deepEqual(
    [report.coverage?.states, report.coverage?.missing.map(({ index }) => index), report.models.length],
    [3, [1], 2],
  );
  assert.match(readFileSync(at(run, `${result.path}/report.html`), 'utf8'), /N\u00a0=\u00a012; coverage 2 of 3 states/);
});
