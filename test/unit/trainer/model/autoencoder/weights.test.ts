import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeSafetensors } from '../../../../../src/trainer/formats/safetensors.ts';
import { decoderStages, encoderStages } from '../../../../../src/trainer/model/autoencoder/structure.ts';
import {
  autoencoderFiles,
  checkAutoencoder,
  readAutoencoder,
} from '../../../../../src/trainer/model/autoencoder/weights.ts';
import {
  autoencoderFixture,
  autoencoderFixtures,
  formulaTensors,
  parseConfig,
  writeAutoencoder,
} from '../../../../helpers/autoencoder.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';

const { config } = autoencoderFixture().models.small;
const parsed = parseConfig(config);
const stages = [...encoderStages(parsed), ...decoderStages(parsed)];

/** A folder with the configuration of `small`, and other weights. */
function folderWith(t: TestContext, put: (file: string) => void): string {
  const folder = join(temporaryFolder(t), 'vae');
  mkdirSync(folder);
  writeFileSync(join(folder, autoencoderFiles.config), JSON.stringify(config));
  put(join(folder, autoencoderFiles.weights));
  return folder;
}

test('halves, and brain floats under the names that attention had before, are those of diffusers', async (t) => {
  const exact = (await readAutoencoder(writeAutoencoder(temporaryFolder(t), config))).parameters(stages);
  for (const [file, precision] of [
    ['small', 2 ** -11],
    ['former', 2 ** -8],
  ] as const) {
    const folder = folderWith(t, (to) => copyFileSync(join(autoencoderFixtures, `${file}.safetensors`), to));
    const read = (await readAutoencoder(folder)).parameters(stages);
    for (const [name, { shape, values }] of exact) {
      assert.deepEqual(read.get(name)?.shape, shape);
      values.forEach((value, i) => {
        const found = read.get(name)?.values[i] as number;
        assert.ok(Math.abs(found - value) <= precision * Math.max(1, Math.abs(value)), `${file}: ${name}[${i}]`);
      });
    }
  }
});

test('the digest is of configuration and weights', async (t) => {
  const digest = async (changes: object) =>
    (await readAutoencoder(writeAutoencoder(temporaryFolder(t), { ...config, ...changes }))).digest;
  assert.equal(await digest({}), await digest({}));
  assert.notEqual(await digest({}), await digest({ scaling_factor: 2 }));
});

test('a tensor that is missing, misshapen or not finite is named', async (t) => {
  const name = 'decoder.conv_in.weight';
  const check = async (change: (tensors: ReturnType<typeof formulaTensors>) => void) => {
    const tensors = formulaTensors(parsed);
    change(tensors);
    const folder = folderWith(t, (to) => writeFileSync(to, writeSafetensors({ tensors, metadata: {} })));
    checkAutoencoder(await readAutoencoder(folder));
  };
  await check(() => {});
  await assert.rejects(
    check((tensors) => tensors.delete(name)),
    { code: 'InputForeign', message: /no tensor decoder\.conv_in\.weight/ },
  );
  await assert.rejects(
    check((tensors) => tensors.set(name, { shape: [4], values: new Float32Array(4) })),
    { code: 'InputMismatch', message: /decoder\.conv_in\.weight is \[4\], .*\[4, 1, 3, 3\]/ },
  );
  await assert.rejects(
    check((tensors) => tensors.get(name)?.values.fill(Number.NaN)),
    { code: 'InputForeign', message: /decoder\.conv_in\.weight has values that are not finite/ },
  );
});

test('a folder without one of the two files is refused with its name', async (t) => {
  await assert.rejects(readAutoencoder(temporaryFolder(t)), { code: 'InputMissing', where: /config\.json/ });
  await assert.rejects(readAutoencoder(folderWith(t, () => {})), { code: 'InputMissing', where: /safetensors/ });
});
