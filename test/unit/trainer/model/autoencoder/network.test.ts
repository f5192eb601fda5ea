import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow } from '../../../../../src/trainer/engine/tensorflow.ts';
import type { FloatTensor } from '../../../../../src/trainer/formats/safetensors.ts';
import { downsamplingOf } from '../../../../../src/trainer/model/autoencoder/config.ts';
import { runStages } from '../../../../../src/trainer/model/autoencoder/network.ts';
import { decoderStages, encoderStages } from '../../../../../src/trainer/model/autoencoder/structure.ts';
import { readAutoencoder } from '../../../../../src/trainer/model/autoencoder/weights.ts';
import { autoencoderFixture, parseConfig, writeAutoencoder } from '../../../../helpers/autoencoder.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { formulaImages } from '../../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const { batch, size, models } = autoencoderFixture();

/** The largest difference. */
const difference = (actual: Float32Array, expected: number[]) => {
  assert.equal(actual.length, expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] as number))));
};

for (const [name, expected] of Object.entries(models)) {
  test(`encodes and decodes as diffusers does: ${name}`, async (t) => {
    const config = parseConfig(expected.config);
    const autoencoder = await readAutoencoder(writeAutoencoder(temporaryFolder(t), expected.config));
    const latents = size / downsamplingOf(config);
    const run = (stages: ReturnType<typeof encoderStages>, side: number, channels: number) =>
      tf.tidy(() => {
        const parameters = autoencoder.parameters(stages);
        const x = tf.tensor4d(formulaImages(batch * side * side * channels), [batch, side, side, channels]);
        return runStages(
          tf,
          config,
          stages,
          (each) => {
            const { values, shape } = parameters.get(each) as FloatTensor;
            return tf.tensor(values, shape);
          },
          x,
        ).arraySync();
      });
    const moments = run(encoderStages(config), size, config.in_channels).flat(2);
    const { latent_channels: channels } = config;
    const mean = Float32Array.from(moments.flatMap((pixel) => pixel.slice(0, channels)));
    const logVariance = Float32Array.from(moments.flatMap((pixel) => pixel.slice(channels)));
    assert.ok(difference(mean, expected.mean) < 1e-4, 'mean');
    assert.ok(difference(logVariance, expected.logVariance) < 1e-4, 'log-variance');
    const decoded = Float32Array.from(run(decoderStages(config), latents, channels).flat(3));
    assert.ok(difference(decoded, expected.decoded) < 1e-4, 'decoded');
  });
}
