import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { createDataOrder } from '../../../../src/diffusion/dataOrder.ts';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { learnedImages } from '../../../../src/trainer/train/learned.ts';
import { createStepInputs, emaDecay, imagesToSee, learningRate } from '../../../../src/trainer/train/plan.ts';
import { blobs, memorySource } from '../../../helpers/trainer.ts';
import { smallUnet, training } from '../../../helpers/unet.ts';

const shape = { size: 4, channels: 1 } as const;
const states = latentStates({ family: 'Linear', timesteps: 500, states: 4, spacing: 'Uniform', alphas: 'Mapped' });
const options = training({ batchSize: 8, seed: 3 });

const images = learnedImages(memorySource(blobs(20, shape), shape), options);

const inputsOf = (count: number) =>
  createStepInputs({
    training: options,
    states: states.slice(0, count),
    timesteps: 500,
    conditioning: conditioningOf(count, smallUnet, {}),
    images,
  });

test('a model sees whole batches', () => {
  assert.deepEqual(
    [0, 1, 8, 9].map((images) => imagesToSee(training({ images, batchSize: 8 }))),
    [0, 8, 8, 16],
  );
});

test('the learning rate rises linearly, then stays', () => {
  const rates = training({ optimizer: { learningRate: 0.5, warmupImages: 100 } });
  assert.deepEqual(
    [10, 100, 500].map((images) => learningRate(rates, images)),
    [0.05, 0.5, 0.5],
  );
  assert.equal(learningRate(training({ optimizer: { learningRate: 0.5, warmupImages: 0 } }), 1), 0.5);
});

test('the average has its half-life in images, shorter at the beginning, and none where that is 0', () => {
  const batches = { batchSize: 10 };
  assert.equal(emaDecay(batches, 100, 1e6), 0.5 ** 0.1);
  assert.ok(emaDecay(batches, 100, 100) < emaDecay(batches, 100, 1000));
  assert.equal(emaDecay(batches, 0, 1000), 0);
});

test('inputs are a function of the images seen before: asking in another order changes nothing', async () => {
  const [one, other] = [inputsOf(4), inputsOf(4)];
  const forwards = [await one(0), await one(8), await one(16)];
  const backwards = [await other(16), await other(8), await other(0)];
  assert.deepEqual(backwards.reverse(), forwards);
  assert.notDeepEqual(forwards[0], forwards[1]);
});

test('the signal and noise of each sample are those of its latent state, which it is told', async () => {
  const { signal = [], noise = [], timestep = [] } = await inputsOf(4)(24);
  for (const [i, told] of [...timestep].entries()) {
    const state = states.find((candidate) => candidate.timestep * 2 === told) ?? assert.fail(`timestep ${told}`);
    assert.equal(signal[i], Math.fround(Math.sqrt(state.alphaBar)));
    assert.equal(noise[i], Math.fround(Math.sqrt(1 - state.alphaBar)));
  }
  assert.ok(new Set(timestep).size > 1);
});

test('a model of one state is told no timestep', async () => {
  assert.equal((await inputsOf(1)(0)).timestep, undefined);
});

/** Inputs of batches that are told classes: image i is of class i. */
function toldInputs(fields: object) {
  const own = training({ batchSize: 8, seed: 3, ...fields });
  const source = memorySource(blobs(20, shape), shape);
  const condition = async (index: number) => ({ label: index });
  return createStepInputs({
    training: own,
    states: states.slice(0, 1),
    timesteps: 500,
    conditioning: conditioningOf(1, modelSchema.parse({ baseChannels: 8 }), { classes: 20 }),
    images: learnedImages({ ...source, condition }, own),
  });
}

const order = createDataOrder(3, 20);

test('each image comes with its own class, across epochs', async () => {
  for (const seen of [0, 8, 16, 24]) {
    const inputs = await toldInputs({})(seen);
    assert.deepEqual([...(inputs.label ?? [])], [...order(seen, 8)]);
  }
});

test('conditions are dropped by the number of the image in training, whatever the batches', async () => {
  const labels: number[] = [];
  for (let seen = 0; seen < 2000; seen += 8)
    labels.push(...((await toldInputs({ conditionDropout: 0.25 })(seen)).label ?? []));
  const dropped = labels.map((label) => label === 20);
  const share = dropped.filter(Boolean).length / 2000;
  assert.ok(Math.abs(share - 0.25) < 0.04, `${share} are dropped`);
  labels.forEach((label, i) => {
    assert.ok(dropped[i] || label === order(i, 1)[0]);
  });
  const others = await toldInputs({ conditionDropout: 0.25, batchSize: 4 })(40);
  assert.deepEqual([...(others.label ?? [])], labels.slice(40, 44));
});

test('half of the images are mirrored, each anew in every epoch', async () => {
  const [plain, flipped] = [toldInputs({}), toldInputs({ horizontalFlips: true })];
  const rowsOf = (images: ArrayLike<number>, i: number) =>
    Array.from({ length: 4 }, (_, y) => Array.from(images as Float32Array).slice(i * 16 + y * 4, i * 16 + y * 4 + 4));
  let mirrored = 0;
  for (let seen = 0; seen < 400; seen += 8) {
    const [a, b] = [(await plain(seen)).images ?? [], (await flipped(seen)).images ?? []];
    for (let i = 0; i < 8; i++) {
      const [own, other] = [rowsOf(a, i), rowsOf(b, i)];
      const turned = own.map((row) => row.toReversed());
      const isMirrored = JSON.stringify(other) === JSON.stringify(turned);
      assert.deepEqual(other, isMirrored ? turned : own);
      if (isMirrored) mirrored++;
    }
  }
  assert.ok(Math.abs(mirrored / 400 - 0.5) < 0.1, `${mirrored} of 400`);
});
