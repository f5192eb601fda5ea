import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { samplingSchema } from '../../../../src/api/spec/sampling.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { type Bundle, openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { pixelCodec } from '../../../../src/trainer/model/codec.ts';
import { createDenoisers } from '../../../../src/trainer/sample/denoiser.ts';
import { drawShard } from '../../../../src/trainer/sample/draw.ts';
import { composeDdim } from '../../../helpers/compose.ts';
import { aggregatedLatents, latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { type AggregatedRun, aggregatedRun, preparedPrompts, trainerContext } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);
const sampling = { count: 2, batchSize: 4, seed: 3, eta: 1 };

function bundleOf(run: AggregatedRun): Promise<Bundle> {
  const { directory, bundle } = run.sampleTask();
  return openBundle(run.store, runLayout(directory).bundle(bundle), bundle);
}

test('samples are those of the float64 sampler with the bundle’s models', async (t) => {
  const run = await aggregatedRun(t, { sampling });
  const bundle = await bundleOf(run);
  const { images } = await drawShard(tf, run.sampleTask(), bundle, trainerContext(run.store));
  const states = statesOf(bundle.manifest);
  const models = await Promise.all(
    states.map((state) => {
      const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, { ...run.spec.sampling, batchSize: 1 });
      t.after(() => denoisers.dispose());
      return denoisers.of(state);
    }),
  );
  for (let sample = 0; sample < 2; sample++) {
    const expected = composeDdim({
      states,
      prediction: 'V',
      denoise: (x, { index }) => Float64Array.from(models[index]?.denoise(Float32Array.from(x), [{}]) ?? []),
      start: normals(3, streams.start, sample, 64),
      eta: 1,
      clip: true,
      noise: ({ index }) => normals(3, streams.step, sample * 4096 + index, 64),
    });
    const differences = Array.from(pixelCodec.decode(Float32Array.from(expected)), (byte, i) =>
      Math.abs(byte - (images.data[sample * 64 + i] as number)),
    );
    assert.ok(Math.max(...differences) <= 1, 'of a byte, by rounding to float32 between the steps');
  }
});

test('colour, and a start matched to the data', async (t) => {
  const schedule = { states: 2, family: 'ScaledLinear' };
  const run = await aggregatedRun(t, { schedule, sampling: { ...sampling, start: 'MomentMatched' } }, { channels: 3 });
  const bundle = await bundleOf(run);
  const draw = async (start: 'MomentMatched' | 'StandardNormal') => {
    const task = run.sampleTask({ sampling: { ...run.spec.sampling, start } });
    return (await drawShard(tf, task, bundle, trainerContext(run.store))).images;
  };
  const matched = await draw('MomentMatched');
  assert.deepEqual(matched.shape, [2, 8, 8, 3]);
  assert.notDeepEqual(matched.data, (await draw('StandardNormal')).data);
});

test('classes and contexts of a sample do not depend on the shards', async (t) => {
  const conditions = {
    labels: { classes: 3, values: Int32Array.from({ length: 40 }, (_, i) => (i === 0 ? 0 : 2)) },
    contexts: { tokens: 2, width: 8, values: new Float32Array(640) },
  };
  const fields = {
    model: { baseChannels: 8, channelMultipliers: [1, 2], transformerDepths: [0, 1] },
    schedule: { states: 2 },
  };
  const run = await aggregatedRun(t, fields, { conditions });
  const bundle = await bundleOf(run);
  const prepared = 'a'.repeat(16);
  const values = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i));
  const folder = runLayout('runs/test').prepared(prepared);
  await preparedPrompts(run.store, folder, prepared, { tokens: 2, width: 8, values });
  const draw = async (shards: number) => {
    const own = { count: 5, batchSize: 2, shards, labels: { from: 'Data' }, guidance: { scale: 2 } };
    const task = run.sampleTask({ sampling: samplingSchema.parse(own), prepared });
    const found = { labels: [] as number[], bytes: [] as number[] };
    for (let completionIndex = 0; completionIndex < shards; completionIndex++) {
      const drawn = await drawShard(tf, task, bundle, trainerContext(run.store, { completionIndex }));
      found.labels.push(...(drawn.labels ?? []));
      found.bytes.push(...drawn.images.data);
    }
    return found;
  };
  const [one, two] = [await draw(1), await draw(2)];
  assert.deepEqual(two, one);
  assert.equal(one.labels.length, 5);
  assert.ok(one.labels.includes(2) && !one.labels.includes(1));
});

test('samples of models that know classes of latents are decoded, and have their labels beside them', async (t) => {
  const labels = { classes: 2, from: 'Npy', path: 'labels.npy' };
  const fields = { latents: {}, labels };
  const run = latentRun(t, { file: latentsNpy([40, 2, 2, 2], 'float32'), fields }, { count: 3 });
  const values = writeNpy({ shape: [40], data: Int32Array.from({ length: 40 }, (_, i) => i % 2) });
  writeFileSync(join(run.volumes.data, 'labels.npy'), values);
  const { sample } = await aggregatedLatents(run);
  const bundle = await openBundle(run.store, runLayout(sample.directory).bundle(sample.bundle), sample.bundle);
  assert.deepEqual([bundle.manifest.conditions?.labels?.classes, bundle.manifest.latents?.channels], [2, 2]);
  const draw = (list: number[]) => {
    const sampling = { ...sample.sampling, guidance: { scale: 3 }, labels: { from: 'Listed' as const, list } };
    return drawShard(tf, { ...sample, sampling }, bundle, trainerContext(run.store, { volumes: run.volumes }));
  };
  const [zeros, both] = [await draw([0]), await draw([0, 1])];
  assert.deepEqual([zeros.images.shape, both.labels], [[3, 4, 4, 1], Int32Array.of(0, 1, 0)]);
  const sampleOf = ({ images }: typeof both, i: number) => images.data.subarray(i * 16, (i + 1) * 16);
  assert.deepEqual(sampleOf(zeros, 0), sampleOf(both, 0));
});
