import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { describeNetwork } from '../../../../src/trainer/model/description.ts';
import { totalSize } from '../../../../src/trainer/model/parameters.ts';
import { presets } from '../../../../src/trainer/model/presets.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { smallUnet } from '../../../helpers/unet.ts';

test('layers have all parameters of the network between them', () => {
  for (const conditions of [{}, { classes: 3 }]) {
    const conditioning = conditioningOf(2, smallUnet, conditions);
    const { layers, parameters } = describeNetwork(smallUnet, conditioning, 4);
    assert.equal(parameters, totalSize(parameterSpecs(smallUnet, conditioning)));
    assert.equal(
      parameters,
      layers.reduce((sum, layer) => sum + layer.parameters, 0),
    );
    assert.deepEqual(layers.at(-1)?.shape, [8, 8, 1]);
  }
});

test('activations grow with the batch, the rest does not', () => {
  const conditioning = conditioningOf(1, smallUnet, {});
  const [one, four] = [1, 4].map((batch) => describeNetwork(smallUnet, conditioning, batch).memory);
  assert.deepEqual(four, { ...one, activations: 4 * (one?.activations ?? 0) });
  assert.equal(one?.moments, 2 * (one?.weights ?? 0));
  assert.equal(describeNetwork(smallUnet, conditioning, 1, 3).memory.ema, 3 * (one?.weights ?? 0));
});

test('Stable Diffusion’s U-Net multiplies and adds 402·10⁹ times for latents of 64×64', () => {
  const { model, image, conditions } = presets['sd-2.1'];
  const config = { ...model, imageSize: image.size, imageChannels: image.channels };
  const { flops } = describeNetwork(config, conditioningOf(1, model, conditions), 1);
  assert.ok(Math.abs(flops / 2 - 402e9) < 1e9, `${flops}`);
});
