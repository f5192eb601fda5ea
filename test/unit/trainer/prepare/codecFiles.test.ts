import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkCodec, codecPaths } from '../../../../src/trainer/prepare/codecFiles.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { tinyAutoencoder, writeAutoencoder } from '../../../helpers/autoencoder.ts';
import { latentRun, latentsNpy } from '../../../helpers/latents.ts';
import { trainerContext } from '../../../helpers/trainer.ts';

const source = { file: latentsNpy([40, 2, 2, 2], 'float32'), fields: { latents: {} } };

test('both files are the source’s too, and their digest is told', async (t) => {
  const { prepareTask: task, volumes, store } = latentRun(t, source);
  const paths = await codecPaths(task, volumes);
  assert.deepEqual(
    paths.map((path) => path.split('/').at(-1)),
    ['config.json', 'diffusion_pytorch_model.safetensors'],
  );
  assert.deepEqual(await codecPaths({ ...task, codec: undefined }, {}), []);
  const context = trainerContext(store, { volumes });
  const prepare = async () => {
    const result = await runPrepare(task, context);
    assert.ok(result.kind === 'prepare');
    return result;
  };
  const before = await prepare();
  assert.equal(before.codec, (await checkCodec(task, volumes))?.digest);
  writeAutoencoder(join(volumes.codec, 'vae'), { ...tinyAutoencoder, sample_size: 99 });
  const after = await prepare();
  assert.notEqual(after.codec, before.codec);
  assert.equal(after.sha256, before.sha256, 'the latents are the same');
  writeAutoencoder(join(volumes.codec, 'vae'), { ...tinyAutoencoder, scaling_factor: 0.25 });
  assert.notEqual((await prepare()).sha256, before.sha256, 'what networks see is another');
});

test('a run without an autoencoder has none, and one whose files are missing says which', async (t) => {
  const { prepareTask: task, volumes } = latentRun(t, source);
  assert.equal(await checkCodec({ ...task, codec: undefined }, {}), undefined);
  rmSync(join(volumes.codec, 'vae/config.json'));
  await assert.rejects(codecPaths(task, volumes), { code: 'InputMissing', message: /autoencoder's config\.json/ });
});
