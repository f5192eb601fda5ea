import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { composeDdim } from '../../../../src/diffusion/ddim.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import { loadFeatures } from '../../../../src/trainer/artifacts/features.ts';
import { loadShard } from '../../../../src/trainer/artifacts/samples.ts';
import { toByte } from '../../../../src/trainer/data/images.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { type FeatureSums, mergeSums } from '../../../../src/trainer/metrics/statistics.ts';
import { createDenoisers } from '../../../../src/trainer/sample/denoiser.ts';
import { runSample } from '../../../../src/trainer/sample/sample.ts';
import { type AggregatedRun, aggregatedRun, trainerContext } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);
const sampling = { count: 10, batchSize: 4, seed: 3, eta: 1 };
const evaluation = { evaluation: { extractor: { name: 'mnist-classifier' } } };

/** Draws all shards and gives their images as one. */
async function drawAll(run: AggregatedRun, shards: number, hash: string): Promise<Uint8Array> {
  const task = run.sampleTask({ hash, sampling: { ...run.spec.sampling, shards } });
  const parts: Uint8Array[] = [];
  for (let shard = 0; shard < shards; shard++) {
    await runSample(task, trainerContext(run.volumes, { completionIndex: shard }));
    const images = await shardOf(run, hash, shard);
    parts.push(images.images.data);
  }
  return new Uint8Array(Buffer.concat(parts));
}

const layoutOf = ({ volumes }: AggregatedRun) => runLayout(volumes.run, 'runs/test');

async function shardOf(run: AggregatedRun, hash: string, shard: number) {
  return (await loadShard(layoutOf(run).shard(hash, shard), hash)) ?? assert.fail(`no shard ${shard}`);
}

async function featuresOf(run: AggregatedRun, hash: string, shards: number): Promise<FeatureSums[]> {
  const folder = layoutOf(run).samples(hash);
  const names = readdirSync(folder).filter((name) => name.startsWith('features-mnist-classifier'));
  assert.equal(names.length, shards);
  return Promise.all(names.map(async (name) => (await loadFeatures(join(folder, name))) ?? assert.fail(name)));
}

const [a, b] = ['a'.repeat(16), 'b'.repeat(16)];

for (const statesPerModel of [1, 3]) {
  test(`${statesPerModel} states per model: samples are the same bits in one shard and in three`, async (t) => {
    const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel }, sampling });
    const [whole, parts] = [await drawAll(run, 1, a), await drawAll(run, 3, b)];
    assert.deepEqual(parts, whole);
    assert.ok(new Set(whole).size > 50, 'samples are not of one colour');

    const { walk, images } = await shardOf(run, a, 0);
    assert.deepEqual(walk?.x.shape, [4, 8, 8, 8, 1]);
    assert.deepEqual(walk?.predicted.shape, [3, 8, 8, 8, 1]);
    const ends = images.data.slice(0, 8 * 64);
    assert.deepEqual(walk?.x.data.slice(-ends.length), ends, 'the walk ends with the images');
    assert.deepEqual(walk?.predicted.data.slice(-ends.length), ends);
    assert.equal((await shardOf(run, b, 1)).walk, undefined);
  });
}

test('samples are those of the float64 sampler with the bundle’s models', async (t) => {
  const run = await aggregatedRun(t, { sampling: { ...sampling, count: 2 } });
  const drawn = await drawAll(run, 1, a);
  const bundle = await openBundle(layoutOf(run).bundle(run.sampleTask().bundle), run.sampleTask().bundle);
  const states = statesOf(bundle.manifest);
  const models = await Promise.all(
    states.map((state) => {
      const denoisers = createDenoisers(tf, bundle, 1);
      t.after(() => denoisers.dispose());
      return denoisers.of(state);
    }),
  );
  for (let sample = 0; sample < 2; sample++) {
    const expected = composeDdim({
      states,
      prediction: 'V',
      denoise: (x, { state }) => Float64Array.from(models[state]?.denoise(Float32Array.from(x)) ?? []),
      start: normals(3, streams.start, sample, 64),
      eta: 1,
      clip: true,
      noise: ({ state }) => normals(3, streams.walk, sample * 4096 + state, 64),
    });
    const differences = Array.from(expected, (value, i) =>
      Math.abs(toByte(value) - (drawn[sample * 64 + i] as number)),
    );
    assert.ok(Math.max(...differences) <= 1, 'of a byte, by rounding to float32 between the steps');
  }
});

test('the models of a bundle are told apart, each with its own weights', async (t) => {
  const run = await aggregatedRun(t);
  const bundle = await openBundle(layoutOf(run).bundle(run.sampleTask().bundle), run.sampleTask().bundle);
  const denoisers = createDenoisers(tf, bundle, 1);
  t.after(() => denoisers.dispose());
  const x = Float32Array.from(normals(1, streams.start, 0, 64));
  const outputs: Float32Array[] = [];
  for (const index of [0, 1, 0]) {
    const state = statesOf(bundle.manifest)[index] ?? assert.fail();
    outputs.push((await denoisers.of(state)).denoise(x));
  }
  assert.notDeepEqual(outputs[0], outputs[1]);
  assert.deepEqual(outputs[0], outputs[2]);
});

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
  await runSample(task, trainerContext(run.volumes));
  const images = join(layoutOf(run).shard(task.hash, 0), 'images.npy');
  const { mtimeMs, ino } = statSync(images);
  // The bundle is gone: drawing anew would fail.
  rmSync(layoutOf(run).bundle(task.bundle), { recursive: true });
  const context = trainerContext(run.volumes);
  const result = await runSample({ ...task, extractor: { name: 'mnist-classifier' } }, context);
  assert.deepEqual(result, { kind: 'sample', shard: 0, count: 10 });
  assert.deepEqual(statSync(images).mtimeMs, mtimeMs);
  assert.equal(statSync(images).ino, ino);
  assert.equal((await featuresOf(run, task.hash, 1))[0]?.count, 10);
  assert.equal(context.reported.at(-1)?.phase, 'Done');
});

test('damaged samples and features are set aside and made anew, the same', async (t) => {
  const run = await aggregatedRun(t, { sampling, ...evaluation });
  const before = await drawAll(run, 1, a);
  const [features] = await featuresOf(run, a, 1);
  const samples = layoutOf(run).samples(a);
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
  const samples = layoutOf(run).samples(a);
  for (const name of ['.partial-shard-0000-1', '.partial-shard-0001-1'])
    mkdirSync(join(samples, name), { recursive: true });
  const { extractor } = run.spec.evaluation ?? assert.fail();
  await runSample(
    run.sampleTask({ hash: a, sampling: { ...run.spec.sampling, shards: 2 }, extractor }),
    trainerContext(run.volumes),
  );
  assert.deepEqual(
    readdirSync(samples).filter((name) => name.startsWith('.partial-')),
    ['.partial-shard-0001-1'],
  );
});

test('a changed model or another bundle’s manifest is refused', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const folder = layoutOf(run).bundle(run.sampleTask().bundle);
  const manifest = join(folder, 'manifest.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(run.sampleTask().bundle, 'f'.repeat(16)));
  await assert.rejects(runSample(run.sampleTask(), trainerContext(run.volumes)), { code: 'DigestMismatch' });
  writeFileSync(manifest, text);
  const model = join(folder, 'model-0001.safetensors');
  const bytes = readFileSync(model);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  writeFileSync(model, bytes);
  await assert.rejects(runSample(run.sampleTask(), trainerContext(run.volumes)), {
    code: 'DigestMismatch',
    where: model,
  });
  assert.equal(existsSync(layoutOf(run).shard(run.sampleTask().hash, 0)), false);
});

test('a signal ends it within a batch, and nothing half-done is left', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const controller = new AbortController();
  const context = trainerContext(run.volumes, { signal: controller.signal });
  const stopping = { ...context, progress: () => controller.abort() };
  await assert.rejects(runSample(run.sampleTask(), stopping), { code: 'Interrupted', exitCode: 75 });
  assert.equal(existsSync(layoutOf(run).shard(run.sampleTask().hash, 0)), false);
  await runSample(run.sampleTask(), context.signal.aborted ? trainerContext(run.volumes) : context);
  assert.equal((await shardOf(run, run.sampleTask().hash, 0)).record.count, 10);
});

test('colour, and a start matched to the data', async (t) => {
  const run = await aggregatedRun(
    t,
    { schedule: { states: 2, family: 'ScaledLinear' }, sampling: { ...sampling, start: 'MomentMatched' } },
    { channels: 3 },
  );
  await runSample(run.sampleTask(), trainerContext(run.volumes));
  assert.deepEqual((await shardOf(run, run.sampleTask().hash, 0)).images.shape, [10, 8, 8, 3]);
});
