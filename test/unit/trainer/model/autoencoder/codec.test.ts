import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { codecSchema } from '../../../../../src/api/spec/codec.ts';
import { loadTensorFlow } from '../../../../../src/trainer/engine/tensorflow.ts';
import { autoencoderCodec, batchSizeOf, openAutoencoder } from '../../../../../src/trainer/model/autoencoder/codec.ts';
import { readAutoencoder } from '../../../../../src/trainer/model/autoencoder/weights.ts';
import { bytesOf } from '../../../../../src/trainer/model/codec.ts';
import { autoencoderFixture, parseConfig, tinyAutoencoder, writeAutoencoder } from '../../../../helpers/autoencoder.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { formulaImages } from '../../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);

test('samples of any number are scaled back and decoded as diffusers does', async (t) => {
  const { batch, size, models } = autoencoderFixture();
  const { config, decoded } = models.small;
  const autoencoder = await readAutoencoder(writeAutoencoder(temporaryFolder(t), config));
  const scale = { size: size / 2, channels: 1, scalingFactor: 2, shiftFactor: 0.5 };
  const codec = await autoencoderCodec(tf, autoencoder, { size, channels: 1 }, scale);
  t.after(codec.dispose);
  const latents = formulaImages(batch * (size / 2) ** 2).map((value) => (value - 0.5) * 2);
  const expected = bytesOf(Float32Array.from(decoded));
  const once = codec.decode(latents);
  assert.ok(once.every((byte, i) => Math.abs(byte - (expected[i] as number)) <= 1));
  const many = Array.from({ length: codec.batchSize ?? 0 }, () => [...latents]).flat();
  const pictures = codec.decode(Float32Array.from(many));
  assert.equal(pictures.length, once.length * (codec.batchSize as number));
  assert.ok(pictures.subarray(-once.length).every((byte, i) => Math.abs(byte - (once[i] as number)) <= 1));
  assert.throws(() => codec.decode(latents.fill(Number.NaN)), { code: 'Diverged' });
});

test('of large pictures fewer are taken at once, and one at least', () => {
  const config = parseConfig(tinyAutoencoder);
  const sizes = [4, 256, 1024].map((size) =>
    batchSizeOf({ ...config, block_out_channels: [128] }, { size, channels: 1 }),
  );
  assert.deepEqual(sizes, [32, 1, 1]);
});

test('an autoencoder that is not as the spec says is refused with what to set', async (t) => {
  const root = temporaryFolder(t);
  writeAutoencoder(join(root, 'vae'), tinyAutoencoder);
  const open = (fields: object, image: { size: number; channels: 1 | 3 } = { size: 4, channels: 1 }) =>
    openAutoencoder(
      codecSchema.parse({
        name: 'AutoencoderKL',
        weights: { volume: { claimName: 'codec', path: 'vae' } },
        downsampling: 2,
        channels: 2,
        ...fields,
      }),
      image,
      root,
    );
  assert.equal((await open({})).config.latent_channels, 2);
  await assert.rejects(open({ channels: 4 }), {
    code: 'InputMismatch',
    message: /latent_channels 2/,
    hint: /codec\.channels to 2/,
  });
  await assert.rejects(open({ downsampling: 8 }), { code: 'InputMismatch', hint: /codec\.downsampling to 2/ });
  await assert.rejects(open({}, { size: 4, channels: 3 }), { code: 'InputMismatch', hint: /image\.channels to 1/ });
});
