import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { samplingSchema } from '../../../../src/api/spec/sampling.ts';
import { ddim } from '../../../../src/diffusion/ddim.ts';
import { openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import { exportDiffusers, importDiffusers } from '../../../../src/trainer/artifacts/diffusersFolder.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { readNpy, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { pixelCodec } from '../../../../src/trainer/model/codec.ts';
import { compose } from '../../../../src/trainer/sample/compose.ts';
import { createDenoisers } from '../../../../src/trainer/sample/denoiser.ts';
import { pythonWithDiffusers } from '../../../helpers/diffusers.ts';
import { type AggregatedRun, aggregatedRun } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);

/** A run whose models are of one state, or of all three. */
async function exported(run: AggregatedRun) {
  const { directory, bundle: hash } = run.sampleTask();
  const from = { store: run.store, key: runLayout(directory).bundle(hash) };
  const to = { store: run.store, key: 'exported' };
  await exportDiffusers(from, to);
  return { from, to, hash, bundle: await openBundle(run.store, from.key, hash) };
}

for (const statesPerModel of [1, 3]) {
  test(`${statesPerModel} states per model: what is exported comes back as it was, byte for byte`, async (t) => {
    const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel } });
    const { to, hash, bundle } = await exported(run);
    const back = { store: run.store, key: 'back' };
    assert.equal(await importDiffusers(to, back), 3 / statesPerModel);
    const imported = await openBundle(run.store, back.key, hash);
    assert.deepEqual(imported.manifest, bundle.manifest, 'digests of all files among it');
    for (const file of [...imported.manifest.models, imported.manifest.moments]) await imported.read(file);
    const config = JSON.parse(readFileSync(join(run.root, 'exported/model-0000/config.json'), 'utf8'));
    assert.deepEqual([config._class_name, config.block_out_channels], ['UNet2DModel', [8, 16]]);
  });
}

test('models that are told classes come back as they were, too', async (t) => {
  const labels = { classes: 3, values: new Int32Array(40) };
  const run = await aggregatedRun(t, { schedule: { states: 2, statesPerModel: 2 } }, { conditions: { labels } });
  const { to, hash, bundle } = await exported(run);
  const back = { store: run.store, key: 'back' };
  await importDiffusers(to, back);
  assert.deepEqual((await openBundle(run.store, back.key, hash)).manifest, bundle.manifest);
  assert.equal(bundle.manifest.conditions?.labels?.classes, 3);
});

test('weights of another network, and a timestep that the manifest’s network is not told, are refused', async (t) => {
  const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel: 1 } });
  const { to } = await exported(run);
  const path = join(run.root, 'exported/model-0001/diffusion_pytorch_model.safetensors');
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  const refused = async (change: (name: string, values: Float32Array) => Float32Array | undefined, says: RegExp) => {
    const changed = [...tensors].flatMap(([name, { shape, values }]) => {
      const other = change(name, values);
      return other === undefined ? [] : [[name, { shape, values: other }] as const];
    });
    writeFileSync(path, writeSafetensors({ tensors: new Map(changed), metadata }));
    await assert.rejects(importDiffusers(to, { store: run.store, key: 'other' }), says);
  };
  await refused((name, values) => (name === 'conv_in.weight' ? undefined : values), /InputMismatch|no tensor conv_in/);
  await refused((name, values) => (name.startsWith('time_embedding') ? values.map(() => 1) : values), /time_embedding/);
  await assert.rejects(importDiffusers({ ...to, key: 'nowhere' }, { store: run.store, key: 'other' }), /is not there/);
  await assert.rejects(exportDiffusers({ ...to, key: 'nowhere' }, to), /no manifest\.json/);
  const { directory, bundle } = run.sampleTask();
  const again = { store: run.store, key: runLayout(directory).bundle(bundle) };
  await assert.rejects(exportDiffusers(again, to), /is there already/);
});

const python = pythonWithDiffusers();
const skip = python === undefined ? 'DDR_PYTHON names no Python with torch and diffusers' : false;
const page = readFileSync(join(import.meta.dirname, '../../../../docs/bundle.md'), 'utf8');
const code = /```python\n([\s\S]*?)```/.exec(page)?.[1] ?? assert.fail('docs/bundle.md has no Python');

test('the Python of docs/bundle.md is about forty lines', () => {
  assert.ok(code.split('\n').length <= 50, `${code.split('\n').length}`);
});

for (const fields of [
  { schedule: { states: 3, statesPerModel: 1 } },
  { schedule: { states: 3, statesPerModel: 3, timesteps: 500 }, training: { prediction: 'Epsilon' } },
]) {
  test(`the Python of docs/bundle.md draws ddr’s images from ddr’s noise: ${JSON.stringify(fields)}`, {
    skip,
  }, async (t) => {
    const model = { baseChannels: 16, channelMultipliers: [1, 2], attentionResolutions: [4], headChannels: 8 };
    const run = await aggregatedRun(t, { ...fields, model });
    const { bundle } = await exported(run);
    const states = statesOf(bundle.manifest);
    const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, samplingSchema.parse({ batchSize: 4 }));
    t.after(() => denoisers.dispose());
    const [count, size] = [4, 64];
    let start = new Float32Array();
    const samples = await compose({
      sampler: ddim,
      states,
      sampling: samplingSchema.parse({ seed: 7, batchSize: count }),
      size,
      first: 0,
      count,
      modelOf: denoisers.of,
      watched: 0,
      onStart: (x) => {
        start = x.slice();
      },
      onStep: () => {},
      onBatch: async () => {},
    });
    const paths = Object.fromEntries(
      ['sample.py', 'noise.npy', 'images.npy'].map((name) => [name, join(run.root, name)]),
    ) as Record<string, string>;
    writeFileSync(paths['sample.py'] as string, code);
    const shape = [count, 8, 8, 1];
    writeFileSync(paths['noise.npy'] as string, writeNpy({ shape, data: start }));
    const { 'sample.py': script, 'noise.npy': noise, 'images.npy': images } = paths;
    execFileSync(python as string, [script as string, join(run.root, 'exported'), images as string, noise as string]);
    const drawn = readNpy(readFileSync(images as string), 'images.npy').data as Uint8Array;
    const ours = pixelCodec.decode(samples);
    const differences = ours.map((value, i) => Math.abs(value - (drawn[i] as number)));
    assert.equal(drawn.length, ours.length);
    assert.ok(Math.max(...differences) <= 1, `off by ${Math.max(...differences)} grey levels`);
    assert.ok(new Set(ours).size > 20, 'the images are no single grey');
  });
}
