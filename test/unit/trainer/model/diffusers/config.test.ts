import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../../src/api/spec/model.ts';
import { fromConfig, toConfig } from '../../../../../src/trainer/model/diffusers/config.ts';
import { presets } from '../../../../../src/trainer/model/presets.ts';
import { diffusersFixture, networkOf } from '../../../../helpers/diffusers.ts';

const { cases, presets: theirPresets } = diffusersFixture();
const small = (model: object) => ({ ...modelSchema.parse(model), imageSize: 32, imageChannels: 3 });

/** Of a config, the fields that another has. */
const only = (config: object, fields: object) =>
  Object.fromEntries(Object.keys(fields).map((field) => [field, (config as Record<string, unknown>)[field]]));

test('a network goes to config.json and comes back', () => {
  for (const { config: theirs, tokens } of Object.values(cases)) {
    const { config, conditions } = networkOf({ config: theirs, tokens });
    const written = toConfig(config, conditions, conditions.context?.width ?? 0);
    const expected = { ...theirs };
    if (expected.transformer_layers_per_block === undefined) delete expected.transformer_layers_per_block;
    assert.deepEqual(only(written, expected), expected);
    const { model } = fromConfig(written, 'config.json');
    assert.deepEqual({ ...model, imageSize: config.imageSize, imageChannels: config.imageChannels }, config);
  }
});

test('the presets are the networks that diffusers has under these names', () => {
  for (const [name, { model, image, conditions }] of Object.entries(presets)) {
    const theirs = theirPresets[name]?.config ?? assert.fail(name);
    const width = conditions.context?.width ?? (model.classEmbedding === 'Token' ? model.classTokenWidth : 0);
    const config = { ...model, imageSize: image.size, imageChannels: image.channels };
    assert.deepEqual(only(toConfig(config, conditions, width), theirs), theirs, name);
  }
});

test('a network that diffusers has not is refused, with what to do', () => {
  const levels = { channelMultipliers: [1, 2] };
  assert.throws(
    () => toConfig(small({ ...levels, transformerDepths: [1], attentionResolutions: [16] }), {}, 8),
    /self-attention and others transformers/,
  );
  assert.throws(() => toConfig(small({ ...levels, transformerDepths: [1] }), {}, 0), /no context to look at/);
});

test('a config.json that is none of our family is refused, and says why', () => {
  const config = Object.values(cases)[0]?.config ?? assert.fail();
  for (const [change, says] of [
    [{ act_fn: 'gelu' }, /act_fn/],
    [{ down_block_types: ['SkipDownBlock2D', 'DownBlock2D'] }, /down_block_types/],
    [{ block_out_channels: [20, 40] }, /baseChannels/],
    [
      {
        _class_name: 'UNet2DConditionModel',
        attention_head_dim: [3, 5],
        down_block_types: ['AttnDownBlock2D', 'AttnDownBlock2D'],
      },
      /heads of other widths/,
    ],
    [{ center_input_sample: true }, /center_input_sample/],
  ] as const)
    assert.throws(() => fromConfig({ ...config, ...change }, 'config.json'), says);
});
