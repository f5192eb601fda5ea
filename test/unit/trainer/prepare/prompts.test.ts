import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { loadPrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { openPrompts } from '../../../../src/trainer/artifacts/prompts.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { checkPrompts } from '../../../../src/trainer/prepare/prompts.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const contexts = (count: number, width = 2) =>
  writeNpy({ shape: [count, 1, width], data: Float32Array.from({ length: count * width }, (_, i) => i) });
const dataset = datasetOf('Npy', 'a.npy', { contexts: { path: 'c.npy', from: 'Npy', tokens: 1, width: 2 } });
const prompts = { path: 'p.npy', from: 'Npy' } as const;
const nothing = async () => {};

test('contexts of the samples lie beside the record of the data, and their digest is told', async (t) => {
  const { store } = temporaryStore(t);
  const images = writeNpy({ shape: [3, 4, 4], data: new Uint8Array(48).fill(99) });
  const data = volumeOf(t, { 'a.npy': images, 'c.npy': contexts(3), 'p.npy': contexts(2) });
  const hash = 'a'.repeat(16);
  const task = { kind: 'prepare' as const, directory: 'runs/test', hash, dataset, prompts };
  const result = await runPrepare(task, trainerContext(store, { volumes: { data } }));
  const folder = runLayout('runs/test').prepared(hash);
  const record = (await loadPrepared(store, folder, hash))?.prompts ?? assert.fail();
  assert.equal(result.kind === 'prepare' && result.prompts, record.sha256);
  assert.deepEqual(await openPrompts(store, folder, record)(1), Float32Array.of(2, 3));
  assert.deepEqual(await runPrepare(task, trainerContext(store, { volumes: { data } })), result);
});

test('contexts of the samples have the shape of those of the images', async (t) => {
  const root = volumeOf(t, { 'p.npy': contexts(2, 3) });
  await assert.rejects(checkPrompts(prompts, dataset, root, nothing), {
    code: 'InputMismatch',
    message: /width 3, not 2/,
  });
  await assert.rejects(checkPrompts({ ...prompts, path: 'q.npy' }, dataset, root, nothing), { code: 'InputMissing' });
});
