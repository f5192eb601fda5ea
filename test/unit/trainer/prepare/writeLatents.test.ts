import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { datasetSchema } from '../../../../src/api/spec/dataset.ts';
import { createDataOrder } from '../../../../src/diffusion/dataOrder.ts';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { conditionsOf } from '../../../../src/trainer/artifacts/conditions.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { learnedImages } from '../../../../src/trainer/train/learned.ts';
import { createStepInputs } from '../../../../src/trainer/train/plan.ts';
import { latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { blobs, trainerContext } from '../../../helpers/trainer.ts';
import { smallUnet, training } from '../../../helpers/unet.ts';

const count = 9;
const labels = { classes: count, from: 'Npy', path: 'labels.npy' };
const contexts = { path: 'contexts.npy', from: 'Npy', tokens: 1, width: 2 };

/** Entry i of each file is about i: the latent is i throughout, the label i, the context i/2 throughout. */
const filled = (each: number, scale = 1) =>
  Float32Array.from({ length: count * each }, (_, i) => Math.floor(i / each) * scale);
const files = {
  'labels.npy': writeNpy({ shape: [count], data: Int32Array.from({ length: count }, (_, i) => i) }),
  'contexts.npy': writeNpy({ shape: [count, 1, 2], data: filled(2, 0.5) }),
};

/** What was prepared of latents, or of images that become latents, with conditions but for those that `other` takes away. */
async function prepared(t: TestContext, { file, fields }: { file: Uint8Array; fields: object }, other: object = {}) {
  const run = latentRun(t, { file, fields });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(run.volumes.data, name), bytes);
  const dataset = datasetSchema.parse({ ...run.prepareTask.dataset, labels, contexts, ...other });
  const result = await runPrepare({ ...run.prepareTask, dataset }, trainerContext(run.store, { volumes: run.volumes }));
  assert.ok(result.kind === 'prepare');
  return { result, data: await openDataset(run.store, result.sha256.slice(0, 16)) };
}

const latents = { file: latentsNpy([count, 2, 2, 2], 'float32', filled(8)), fields: { latents: {} } };
const options = training({ batchSize: 6, seed: 3 });

test('each latent is learned from with its own class and context, across epochs', async (t) => {
  const { data } = await prepared(t, latents);
  const conditions = conditionsOf(data.record);
  assert.deepEqual(conditions, { classes: count, context: { tokens: 1, width: 2 } });
  const model = { ...smallUnet, transformerDepths: [0, 1] };
  const inputs = createStepInputs({
    training: options,
    states: latentStates({ family: 'Linear', timesteps: 500, states: 1, spacing: 'Uniform', alphas: 'Mapped' }),
    timesteps: 500,
    conditioning: conditioningOf(1, model, conditions),
    images: learnedImages(data, options),
  });
  const order = createDataOrder(options.seed, count);
  for (const seen of [0, 6, 12, 18]) {
    const { images, label, context } = await inputs(seen);
    const places = [...order(seen, 6)];
    assert.deepEqual([...(label ?? [])], places);
    assert.deepEqual(
      [...(context ?? [])],
      places.flatMap((i) => [i / 2, i / 2]),
    );
    assert.deepEqual(
      [...(images ?? [])],
      places.flatMap((i) => Array(8).fill((i - 0.25) * 0.5)),
    );
  }
});

test('a limit keeps the first latents with their conditions, of which the source has one for each', async (t) => {
  const limited = { ...latents, fields: { ...latents.fields, limit: 4 } };
  const { result, data } = await prepared(t, limited);
  assert.equal(data.count, 4);
  assert.deepEqual(await data.condition?.(3), { label: 3, context: Float32Array.of(1.5, 1.5) });
  assert.ok(
    result.notices.some((notice) => /5 of 9 classes have no image/.test(notice)),
    `${result.notices}`,
  );
  const fewer = latentsNpy([count - 1, 2, 2, 2], 'float32');
  await assert.rejects(prepared(t, { ...limited, file: fewer }), { code: 'InputMismatch', message: /9 labels/ });
});

test('images that are encoded keep their classes, and are not mirrored once they are latents', async (t) => {
  const file = writeNpy({ shape: [count, 4, 4], data: blobs(count, { size: 4, channels: 1 }) });
  const { data } = await prepared(t, { file, fields: {} });
  assert.ok(data.record.images !== undefined && data.latents !== undefined);
  assert.equal((await data.condition?.(7))?.label, 7);
  assert.throws(() => learnedImages(data, { ...options, horizontalFlips: true }), { code: 'InvalidTask' });
});

test('classes and contexts of latents are in the digest of the dataset', async (t) => {
  const alone = await prepared(t, latents, { labels: undefined, contexts: undefined });
  const told = await prepared(t, latents);
  const classes = await prepared(t, latents, { contexts: undefined });
  assert.equal(new Set([alone, told, classes].map(({ result }) => result.sha256)).size, 3);
  assert.deepEqual(alone.data.record.latents, told.data.record.latents);
});
