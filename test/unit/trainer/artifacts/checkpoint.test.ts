import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadNewestCheckpoint, saveCheckpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { type TestStore, temporaryStore } from '../../../helpers/trainer.ts';

const hash = '0123456789abcdef';
const folder = 'models/a/checkpoints';

const known = (images: number) => ({
  hash,
  images,
  seconds: 1,
  losses: [{ images, loss: 0.5 }],
  pending: { sum: 0.25, count: 1 },
});
const checkpoint = (images: number) => ({
  ...known(images),
  vectors: { names: ['weights', 'average'], size: 2 },
  pieces: [Float32Array.of(images), Float32Array.of(1.5, 0, -images)],
});

async function saved(store: TestStore['store'], ...images: number[]): Promise<void> {
  for (const each of images) await saveCheckpoint(store, folder, checkpoint(each), 3);
}

test('a checkpoint is read back as it was, and only the newest are kept', async (t) => {
  const { store } = temporaryStore(t);
  for (const images of [100, 200, 1000]) await saveCheckpoint(store, folder, checkpoint(images), 2);
  assert.deepEqual(await store.list(folder), ['000000000200', '000000001000']);
  const { state, ...rest } = (await loadNewestCheckpoint(store, folder, hash, () => assert.fail())) ?? assert.fail();
  assert.deepEqual(rest, known(1000));
  assert.deepEqual(await state?.read('weights'), Float32Array.of(1000, 1.5));
  assert.deepEqual(await state?.read('average', 1, 1), Float32Array.of(-1000));
});

test('a checkpoint of 0.1, written at once, is one of this version', async (t) => {
  const { root, store } = temporaryStore(t);
  await saved(store, 100);
  const vectors = { weights: Float32Array.of(100, 1.5), average: Float32Array.of(0, -100) };
  const tensors = new Map(Object.entries(vectors).map(([name, values]) => [name, { shape: [2], values }]));
  const file = readFileSync(join(root, folder, '000000000100/state.safetensors'));
  assert.deepEqual(new Uint8Array(file), writeSafetensors({ tensors, metadata: {} }));
});

test('a state that breaks off while it is written leaves no checkpoint', async (t) => {
  const { store } = temporaryStore(t);
  const cut = { ...checkpoint(100), pieces: [Float32Array.of(1, 2, 3)] };
  await assert.rejects(saveCheckpoint(store, folder, cut, 3), /are not the/);
  assert.deepEqual(await store.list(folder), []);
});

test('where there is none there is none', async (t) => {
  assert.equal(await loadNewestCheckpoint(temporaryStore(t).store, folder, hash, () => assert.fail()), undefined);
});

test('a damaged checkpoint is quarantined and the one before it taken', async (t) => {
  const { root, store } = temporaryStore(t);
  await saved(store, 100, 200, 300);
  const damaged: string[] = [];
  writeFileSync(join(root, folder, '000000000300/state.safetensors'), 'zeros after a power cut');
  writeFileSync(join(root, folder, '000000000200/checkpoint.json'), '{');
  const found = await loadNewestCheckpoint(store, folder, hash, (path) => damaged.push(path));
  assert.deepEqual([found?.images, damaged.length], [100, 2]);
  assert.ok(!existsSync(join(root, folder, '000000000300')));
  assert.equal((await store.list(folder)).filter((name) => name.startsWith('damaged-')).length, 2);
});

test('a store that does not answer is neither empty nor damaged: nothing is quarantined, nothing begins anew', async (t) => {
  const { root, store } = temporaryStore(t);
  await saved(store, 100, 200);
  // A circle of links stands for a file that cannot be read.
  const file = join(root, folder, '000000000200/state.safetensors');
  rmSync(file);
  symlinkSync(file, file);
  const load = loadNewestCheckpoint(store, folder, hash, () => assert.fail('it is not damaged'));
  await assert.rejects(load, { code: 'FileAccess' });
  assert.deepEqual(await store.list(folder), ['000000000100', '000000000200']);
});

test('a file or a folder in the place of the other is damage', async (t) => {
  const { root, store } = temporaryStore(t);
  await saved(store, 100, 200);
  writeFileSync(join(root, folder, '000000000400'), 'a file');
  mkdirSync(join(root, folder, '000000000300/checkpoint.json'), { recursive: true });
  const damaged: string[] = [];
  const found = await loadNewestCheckpoint(store, folder, hash, (path) => damaged.push(path));
  assert.deepEqual([found?.images, damaged.length], [200, 2]);
});

test('the checkpoint of another model is not taken up', async (t) => {
  const { store } = temporaryStore(t);
  await saved(store, 100);
  assert.equal(await loadNewestCheckpoint(store, folder, 'fedcba9876543210', () => {}), undefined);
});
