import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { openWarmStart, warmStartFiles } from '../../../../src/trainer/warmStart/open.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';
import { bundlePath, exportedPath, startAt } from '../../../helpers/warmStart.ts';

test('a folder is what its files say: a bundle, or a network in diffusers’ layout', async (t) => {
  const run = await aggregatedRun(t);
  const [bundle, exported] = [startAt(bundlePath(run)), startAt(await exportedPath(run))];
  const names = async (start: typeof bundle) => (await warmStartFiles(start, run.root)).map((path) => basename(path));
  const models = [0, 1, 2].map((index) => `model-000${index}.safetensors`);
  assert.deepEqual(await names(bundle), ['manifest.json', ...models]);
  assert.deepEqual(await names(exported), ['config.json', 'diffusion_pytorch_model.safetensors']);
  const digests = [await openWarmStart(bundle, run.root), await openWarmStart(exported, run.root)];
  assert.equal(new Set(digests.map(({ digest }) => digest)).size, 2);
  const root = join(run.root, bundle.volume.path);
  assert.equal((await openWarmStart(startAt(''), root)).digest, digests[0]?.digest, 'wherever it lies');
});

test('what is not there, holds neither, or leads out of the volume is refused', async (t) => {
  const root = temporaryFolder(t);
  const open = (path: string) => openWarmStart(startAt(path), root);
  await assert.rejects(open('nowhere'), { code: 'InputMissing', message: /folder of training\.warmStart/ });
  mkdirSync(join(root, 'empty'));
  await assert.rejects(open('empty'), { code: 'InputMissing', hint: /runs\/NAME\/bundles\/ADDRESS/ });
  await assert.rejects(openWarmStart(startAt('empty'), undefined), { code: 'InvalidTask' });
  const run = await aggregatedRun(t);
  const exported = join(run.root, await exportedPath(run));
  renameSync(exported, join(root, 'network'));
  const weights = join(root, 'network/diffusion_pytorch_model.safetensors');
  const outside = join(temporaryFolder(t), 'weights');
  renameSync(weights, outside);
  symlinkSync(outside, weights);
  await assert.rejects(open('network'), { code: 'InputUnsafe' });
  rmSync(weights);
  await assert.rejects(open('network'), { code: 'InputMissing', message: /diffusion_pytorch_model/ });
  writeFileSync(weights, 'x');
  await assert.rejects(open('network'), { code: 'InputTruncated' });
});
