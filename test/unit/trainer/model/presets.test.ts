import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { totalSize } from '../../../../src/trainer/model/parameters.ts';
import { presets } from '../../../../src/trainer/model/presets.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { diffusersFixture } from '../../../helpers/diffusers.ts';

const published = { 'ddpm-cifar10': 35_746_307, 'ldm-8-imagenet': 394_984_196, 'sd-2.1': 865_910_724 };

test('presets have as many parameters as diffusers’ networks, besides the tokens of classes', () => {
  const theirs = diffusersFixture().presets;
  for (const [name, { model, image, conditions }] of Object.entries(presets)) {
    const config = { ...model, imageSize: image.size, imageChannels: image.channels };
    const specs = parameterSpecs(config, conditioningOf(1, model, conditions));
    const count = totalSize(specs.filter(({ name }) => name !== 'class.w'));
    assert.equal(count, published[name as keyof typeof published]);
    assert.equal(count, theirs[name]?.parameters);
  }
});
