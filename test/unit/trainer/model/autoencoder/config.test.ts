import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downsamplingOf, parseAutoencoderConfig } from '../../../../../src/trainer/model/autoencoder/config.ts';
import { autoencoderFixture, parseConfig, tinyAutoencoder } from '../../../../helpers/autoencoder.ts';

test('what diffusers writes is read, with its defaults where a field is missing', () => {
  for (const { config } of Object.values(autoencoderFixture().models)) assert.doesNotThrow(() => parseConfig(config));
  const config = parseConfig({ _diffusers_version: '0.1.0', block_out_channels: [32] });
  assert.deepEqual([config.scaling_factor, config.latent_channels, config.norm_num_groups], [0.18215, 4, 32]);
  assert.equal(downsamplingOf({ block_out_channels: [1, 2, 4, 4] }), 8);
});

test('a field that is not supported is refused by its name', () => {
  const wrong: [object, RegExp][] = [
    [{ _class_name: 'AsymmetricAutoencoderKL' }, /"AsymmetricAutoencoderKL", not of AutoencoderKL/],
    [{ act_fn: 'gelu' }, /act_fn/],
    [{ latents_mean: [0, 0] }, /latents_mean: is not supported/],
    [{ latents_std: [1, 1] }, /latents_std: is not supported/],
    [{ down_block_types: ['AttnDownEncoderBlock2D', 'DownEncoderBlock2D'] }, /down_block_types\[0\]/],
    [{ up_block_types: ['UpDecoderBlock2D'] }, /block_out_channels: must be as long/],
    [{ out_channels: 3 }, /out_channels: must be in_channels/],
    [{ norm_num_groups: 3 }, /norm_num_groups: must divide/],
    [{ in_channels: 4 }, /in_channels/],
    [{ scaling_factor: 0 }, /scaling_factor/],
    [{ use_tiling: true }, /use_tiling/],
  ];
  for (const [fields, message] of wrong)
    assert.throws(() => parseConfig({ ...tinyAutoencoder, ...fields }), { code: 'InputForeign', message });
});

test('a file that is no configuration is said to be none', () => {
  const parse = (text: string) => () => parseAutoencoderConfig(Buffer.from(text), 'config.json');
  assert.throws(parse('<html>'), { code: 'InputForeign', message: /is not JSON; it is a web page/ });
  assert.throws(parse('[1]'), { code: 'InputForeign', message: /not a JSON object/ });
});
