import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { openBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { pixelCodec } from '../../../../src/trainer/model/codec.ts';
import { codecOf } from '../../../../src/trainer/sample/codec.ts';
import { drawShard } from '../../../../src/trainer/sample/draw.ts';
import { aggregatedLatents, latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);
const preEncoded = {
  file: latentsNpy([40, 4, 2, 2], 'float16'),
  fields: { latents: { values: 'MeanAndLogVariance' } },
};

test('images are encoded, learned from as latents, and samples decoded to pictures, whatever the shards', async (t) => {
  const run = latentRun(t);
  const { result, sample } = await aggregatedLatents(run);
  assert.match(result.codec ?? '', /^[0-9a-f]{64}$/);
  const bundle = await openBundle(run.store, runLayout(sample.directory).bundle(sample.bundle), sample.bundle);
  assert.deepEqual(bundle.manifest.latents, { size: 2, channels: 2, scalingFactor: 0.5, shiftFactor: 0.25 });
  const draw = (shards: number, completionIndex: number) =>
    drawShard(
      tf,
      { ...sample, sampling: { ...sample.sampling, shards } },
      bundle,
      trainerContext(run.store, { volumes: run.volumes, completionIndex }),
    );
  const whole = await draw(1, 0);
  assert.deepEqual(whole.images.shape, [5, 4, 4, 1]);
  assert.deepEqual(whole.trajectory?.x.shape, [3, 5, 4, 4, 1]);
  assert.deepEqual(whole.trajectory?.x.data.subarray(2 * 80), whole.images.data, 'ends at the samples');
  const parts = [await draw(2, 0), await draw(2, 1)];
  assert.deepEqual(Buffer.concat(parts.map(({ images }) => images.data)), Buffer.from(whole.images.data));
});

test('pre-encoded latents need no images, and the same pictures come of the same run', async (t) => {
  const pictures: Uint8Array[] = [];
  for (let i = 0; i < 2; i++) {
    const run = latentRun(t, preEncoded, { start: 'MomentMatched' });
    const { sample } = await aggregatedLatents(run);
    const bundle = await openBundle(run.store, runLayout(sample.directory).bundle(sample.bundle), sample.bundle);
    const context = trainerContext(run.store, { volumes: run.volumes });
    pictures.push((await drawShard(tf, sample, bundle, context)).images.data);
  }
  assert.deepEqual(pictures[0], pictures[1]);
});

test('an autoencoder that is no longer the one that was prepared is refused, and one that does not fit', async (t) => {
  const { store, volumes, tasks } = latentRun(t, preEncoded);
  const { sample } = tasks('0'.repeat(16));
  const context = trainerContext(store, { volumes });
  const latents = { size: 2, channels: 2, scalingFactor: 1, shiftFactor: 0 };
  const manifest = { image: { size: 4, channels: 1 }, latents } as const;
  await assert.rejects(codecOf(tf, manifest, {}, context), { code: 'InvalidTask' });
  await assert.rejects(codecOf(tf, { ...manifest, latents: { ...latents, size: 4 } }, sample, context), {
    code: 'InputMismatch',
    message: /latents are 4×4×2, the codec's 2×2×2/,
  });
  await assert.rejects(codecOf(tf, manifest, { ...sample, codecDigest: 'f'.repeat(64) }, context), {
    code: 'DataChanged',
    hint: /dataset\.revision/,
  });
});

test('a bundle of images has the pixels themselves', async (t) => {
  const { store } = temporaryStore(t);
  const codec = await codecOf(tf, { image: { size: 4, channels: 1 } }, {}, trainerContext(store));
  assert.equal(codec, pixelCodec);
});
