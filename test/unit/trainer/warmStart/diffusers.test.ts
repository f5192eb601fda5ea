import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Model } from '../../../../src/api/spec/model.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { beginnerOf } from '../../../../src/trainer/warmStart/beginner.ts';
import { openDiffusersStart } from '../../../../src/trainer/warmStart/diffusers.ts';
import { diffusersFixture, networkOf, theirWeights } from '../../../helpers/diffusers.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';
import { bundledWeights, collected, exportedPath } from '../../../helpers/warmStart.ts';

const shape = { size: 8, channels: 1 };
const weights = 'diffusion_pytorch_model.safetensors';
const labels = { classes: 3, values: new Int32Array(40) };

for (const [title, states, model, conditions] of [
  ['of one state', 1, {}, {}],
  ['of all states', 3, { attentionResolutions: [4], headChannels: 8 }, {}],
  ['that is told classes', 3, {}, { labels }],
  ['that is told classes as tokens', 3, { transformerDepths: [0, 1], classEmbedding: 'Token' }, { labels }],
] as const) {
  test(`what was exported of a model ${title} gives its weights`, async (t) => {
    const fields = { baseChannels: 8, channelMultipliers: [1, 2], ...model };
    const run = await aggregatedRun(
      t,
      { schedule: { states: 3, statesPerModel: states }, model: fields },
      { conditions },
    );
    const folder = join(run.root, await exportedPath(run));
    const hasTokens = 'classEmbedding' in model;
    const start = await openDiffusersStart(folder, hasTokens);
    const classes = 'labels' in conditions ? { classes: 3 } : {};
    const beginner = beginnerOf({ model: run.spec.model, prediction: 'Epsilon' }, states, shape, classes);
    assert.deepEqual(await collected(start.sourceOf([]).weightsFor(beginner)), await bundledWeights(run, 0));
    writeFileSync(join(folder, 'config.json'), `${readFileSync(join(folder, 'config.json'))} `);
    assert.notEqual((await openDiffusersStart(folder, hasTokens)).digest, start.digest, 'every byte counts');
  });
}

test('networks as diffusers saves them begin those of their config, and no others', async (t) => {
  for (const [name, each] of Object.entries(diffusersFixture().cases)) {
    const { config, conditions } = networkOf(each);
    const tensors = [...theirWeights(each)].map(
      ([tensor, values]) => [tensor, { shape: each.parameters[tensor]?.shape ?? [], values }] as const,
    );
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'config.json'), JSON.stringify(each.config));
    writeFileSync(join(folder, weights), writeSafetensors({ tensors: new Map(tensors), metadata: {} }));
    const start = await openDiffusersStart(folder, false);
    const shape = { size: config.imageSize, channels: config.imageChannels };
    const read = (model: Model) =>
      collected(start.sourceOf([]).weightsFor(beginnerOf({ model, prediction: 'V' }, 1, shape, conditions)));
    const values = Object.values(await read(config)).reduce((sum, { length }) => sum + length, 0);
    assert.equal(
      values,
      tensors.reduce((sum, [, tensor]) => sum + tensor.values.length, 0),
      name,
    );
    await assert.rejects(read({ ...config, timeFrequencyShift: 1 - config.timeFrequencyShift }), {
      code: 'InputMismatch',
      message: /timeFrequencyShift/,
    });
  }
});

test('a joint model does not begin models that are not told the timestep, and does where they are', async (t) => {
  const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel: 3 } });
  const start = await openDiffusersStart(join(run.root, await exportedPath(run)), false);
  const weightsOf = (timeEmbedding: 'WhereNeeded' | 'Always') => {
    const model = { ...run.spec.model, timeEmbedding };
    return collected(start.sourceOf([]).weightsFor(beginnerOf({ model, prediction: 'V' }, 1, shape, {})));
  };
  await assert.rejects(weightsOf('WhereNeeded'), { code: 'InputMismatch', hint: /model\.timeEmbedding to Always/ });
  assert.deepEqual(await weightsOf('Always'), await bundledWeights(run, 0));
});

test('a model of one state begins none that is told the timestep: it would never learn to hear it', async (t) => {
  const run = await aggregatedRun(t);
  const start = await openDiffusersStart(join(run.root, await exportedPath(run)), false);
  const beginner = beginnerOf({ model: run.spec.model, prediction: 'V' }, 3, shape, {});
  await assert.rejects(collected(start.sourceOf([]).weightsFor(beginner)), { hint: /statesPerModel to 1/ });
});

test('a tensor that is missing or left over, and a config that is none of a U-Net, are refused', async (t) => {
  const run = await aggregatedRun(t);
  const folder = join(run.root, await exportedPath(run));
  const beginner = beginnerOf({ model: run.spec.model, prediction: 'V' }, 1, shape, {});
  const read = async () => collected((await openDiffusersStart(folder, false)).sourceOf([]).weightsFor(beginner));
  const whole = readSafetensors(readFileSync(join(folder, weights)), weights);
  const write = (tensors: typeof whole.tensors) =>
    writeFileSync(join(folder, weights), writeSafetensors({ ...whole, tensors }));
  write(new Map([...whole.tensors].filter(([name]) => name !== 'conv_in.bias')));
  await assert.rejects(read(), { code: 'InputMismatch', message: /no tensor conv_in\.bias/ });
  write(new Map([...whole.tensors, ['extra', { shape: [1], values: Float32Array.of(0) }]]));
  await assert.rejects(read(), { code: 'InputMismatch', message: /has a tensor extra/ });
  writeFileSync(join(folder, 'config.json'), '{"_class_name": "AutoencoderKL"}');
  await assert.rejects(read(), { code: 'InputForeign', message: /_class_name/ });
  writeFileSync(join(folder, 'config.json'), '{');
  await assert.rejects(read(), { code: 'InputForeign', message: /is not JSON/ });
});
