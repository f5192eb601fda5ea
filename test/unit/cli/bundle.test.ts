import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../src/api/layout.ts';
import { exportBundle, importBundle } from '../../../src/cli/bundle.ts';
import { aggregatedRun } from '../../helpers/trainer.ts';

test('a bundle goes into a folder and comes back', async (t) => {
  const run = await aggregatedRun(t);
  const { directory, bundle } = run.sampleTask();
  const folder = join(run.root, 'out');
  assert.match(await exportBundle(join(run.root, runLayout(directory).bundle(bundle)), folder), /out: 3 models/);
  assert.ok(existsSync(join(folder, 'model-0002/diffusion_pytorch_model.safetensors')));
  assert.match(await importBundle(folder, join(run.root, 'back')), /back: a bundle of 3 models/);
  assert.ok(existsSync(join(run.root, 'back/manifest.json')));
});
