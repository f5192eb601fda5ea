import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { loadFeatures } from '../../../../src/trainer/artifacts/features.ts';
import { loadShard } from '../../../../src/trainer/artifacts/samples.ts';
import { type FeatureSums, mergeSums } from '../../../../src/trainer/metrics/statistics.ts';
import { runSample } from '../../../../src/trainer/sample/sample.ts';
import { type AggregatedRun, aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

const sampling = { count: 10, batchSize: 4, seed: 3, eta: 1 };
const evaluation = { evaluation: { extractor: { name: 'mnist-classifier' } } };

/** Draws all shards and gives their images as one. */
async function drawAll(run: AggregatedRun, shards: number, hash: string): Promise<Uint8Array> {
  const task = run.sampleTask({ hash, sampling: { ...run.spec.sampling, shards } });
  const parts: Uint8Array[] = [];
  for (let shard = 0; shard < shards; shard++) {
    await runSample(task, trainerContext(run.store, { completionIndex: shard }));
    const images = await shardOf(run, hash, shard);
    parts.push(images.images.data);
  }
  return new Uint8Array(Buffer.concat(parts));
}

const layout = runLayout('runs/test');

/** Path of a key. */
const at = ({ root }: AggregatedRun, key: string) => join(root, key);

async function shardOf(run: AggregatedRun, hash: string, shard: number) {
  return (await loadShard(run.store, layout.shard(hash, shard), hash)) ?? assert.fail(`no shard ${shard}`);
}

async function featuresOf(run: AggregatedRun, hash: string, shards: number): Promise<FeatureSums[]> {
  const folder = layout.samples(hash);
  const names = readdirSync(at(run, folder)).filter((name) => name.startsWith('features-mnist-classifier'));
  assert.equal(names.length, shards);
  return Promise.all(
    names.map(async (name) => (await loadFeatures(run.store, `${folder}/${name}`)) ?? assert.fail(name)),
  );
}

const [a, b] = ['a'.repeat(16), 'b'.repeat(16)];

for (const statesPerModel of [1, 3]) {
  test(`${statesPerModel} states per model: samples are the same bits in one shard and in three`, async (t) => {
    const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel }, sampling });
    const [whole, parts] = [await drawAll(run, 1, a), await drawAll(run, 3, b)];
    assert.deepEqual(parts, whole);
    assert.ok(new Set(whole).size > 50, 'samples are not of one colour');

    const { trajectory, images } = await shardOf(run, a, 0);
    assert.deepEqual(trajectory?.x.shape, [4, 8, 8, 8, 1]);
    assert.deepEqual(trajectory?.predicted.shape, [3, 8, 8, 8, 1]);
    const ends = images.data.slice(0, 8 * 64);
    assert.deepEqual(trajectory?.x.data.slice(-ends.length), ends, 'the trajectory ends with the images');
    assert.deepEqual(trajectory?.predicted.data.slice(-ends.length), ends);
    assert.equal((await shardOf(run, b, 1)).trajectory, undefined);
  });
}

test('features are merged from shards to what one shard gives', async (t) => {
  const run = await aggregatedRun(t, { sampling, ...evaluation });
  await drawAll(run, 1, a);
  await drawAll(run, 3, b);
  const [whole] = await featuresOf(run, a, 1);
  const merged = (await featuresOf(run, b, 3)).reduce(mergeSums);
  assert.equal(merged.count, 10);
  for (const key of ['sum', 'outer'] as const) {
    const expected = whole?.[key] ?? assert.fail();
    const scale = Math.max(...expected.map(Math.abs));
    assert.ok(merged[key].every((value, i) => Math.abs(value - (expected[i] as number)) <= 1e-6 * scale));
  }
});

test('what is there is kept: only missing features are computed', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const task = run.sampleTask();
  await runSample(task, trainerContext(run.store));
  const images = join(at(run, layout.shard(task.hash, 0)), 'images.npy');
  const { mtimeMs, ino } = statSync(images);
  // The bundle is gone: drawing anew would fail.
  rmSync(at(run, layout.bundle(task.bundle)), { recursive: true });
  const context = trainerContext(run.store);
  const result = await runSample({ ...task, extractor: { name: 'mnist-classifier' } }, context);
  assert.deepEqual(result, { kind: 'sample', shard: 0, count: 10 });
  assert.deepEqual(statSync(images).mtimeMs, mtimeMs);
  assert.equal(statSync(images).ino, ino);
  assert.equal((await featuresOf(run, task.hash, 1))[0]?.count, 10);
  assert.equal(context.reported.at(-1)?.phase, 'Done');
});

test('damaged samples and features are quarantined and made anew, the same', async (t) => {
  const run = await aggregatedRun(t, { sampling, ...evaluation });
  const before = await drawAll(run, 1, a);
  const [features] = await featuresOf(run, a, 1);
  const samples = at(run, layout.samples(a));
  for (const folder of readdirSync(samples)) {
    const file = readdirSync(join(samples, folder)).find((name) =>
      /^(images\.npy|features\.npz)$/.test(name),
    ) as string;
    const bytes = readFileSync(join(samples, folder, file));
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    writeFileSync(join(samples, folder, file), bytes);
  }
  assert.deepEqual(await drawAll(run, 1, a), before);
  assert.deepEqual((await featuresOf(run, a, 1))[0], features);
  assert.equal(readdirSync(samples).filter((name) => name.startsWith('damaged-')).length, 2);
});

test('what a killed attempt left is removed, what another shard is writing at the moment is not', async (t) => {
  const run = await aggregatedRun(t, { sampling, ...evaluation });
  const samples = at(run, layout.samples(a));
  for (const name of ['.partial-shard-0000-1', '.partial-shard-0001-1'])
    mkdirSync(join(samples, name), { recursive: true });
  const { extractor } = run.spec.evaluation ?? assert.fail();
  await runSample(
    run.sampleTask({ hash: a, sampling: { ...run.spec.sampling, shards: 2 }, extractor }),
    trainerContext(run.store),
  );
  assert.deepEqual(
    readdirSync(samples).filter((name) => name.startsWith('.partial-')),
    ['.partial-shard-0001-1'],
  );
});

test('a changed model or another bundle’s manifest is refused', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const folder = at(run, layout.bundle(run.sampleTask().bundle));
  const manifest = join(folder, 'manifest.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(run.sampleTask().bundle, 'f'.repeat(16)));
  await assert.rejects(runSample(run.sampleTask(), trainerContext(run.store)), { code: 'DigestMismatch' });
  writeFileSync(manifest, text);
  const model = join(folder, 'model-0001.safetensors');
  const bytes = readFileSync(model);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  writeFileSync(model, bytes);
  await assert.rejects(runSample(run.sampleTask(), trainerContext(run.store)), {
    code: 'DigestMismatch',
    where: model,
  });
  assert.equal(existsSync(at(run, layout.shard(run.sampleTask().hash, 0))), false);
});

test('a signal ends it within a batch, and nothing half-done is left', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const controller = new AbortController();
  const context = trainerContext(run.store, { signal: controller.signal });
  const stopping = { ...context, progress: () => controller.abort() };
  await assert.rejects(runSample(run.sampleTask(), stopping), { code: 'Interrupted', exitCode: 75 });
  assert.equal(existsSync(at(run, layout.shard(run.sampleTask().hash, 0))), false);
  await runSample(run.sampleTask(), context.signal.aborted ? trainerContext(run.store) : context);
  assert.equal((await shardOf(run, run.sampleTask().hash, 0)).record.count, 10);
});
