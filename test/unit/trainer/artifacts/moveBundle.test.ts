import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { copyBundle, verifyBundle } from '../../../../src/trainer/artifacts/moveBundle.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { aggregatedRun, temporaryStore } from '../../../helpers/trainer.ts';

async function moved(t: Parameters<typeof temporaryStore>[0]) {
  const { root, store, aggregateTask } = await aggregatedRun(t);
  const from = { store, key: runLayout(aggregateTask.directory).bundle(aggregateTask.hash) };
  return { root, from, other: temporaryStore(t) };
}

test('a bundle that was moved is the same, byte for byte', async (t) => {
  const { root, from, other } = await moved(t);
  let told = 0;
  const copied = await copyBundle(from, { store: other.store, key: 'b' }, (bytes) => {
    told += bytes;
  });
  assert.deepEqual([copied.files, told], [4, copied.bytes]);
  const names = readdirSync(join(root, from.key));
  assert.deepEqual(readdirSync(join(other.root, 'b')), names);
  for (const name of names)
    assert.deepEqual(readFileSync(join(other.root, 'b', name)), readFileSync(join(root, from.key, name)));
  assert.deepEqual(await verifyBundle({ store: other.store, key: 'b' }, copied.digest), copied);
});

test('of a bundle that is damaged nothing is committed', async (t) => {
  const { root, from, other } = await moved(t);
  changeLastByte(join(root, from.key, 'model-0001.safetensors'));
  await assert.rejects(copyBundle(from, { store: other.store, key: 'b' }), { code: 'DigestMismatch' });
  assert.deepEqual(readdirSync(other.root), []);
  await assert.rejects(verifyBundle(from), { code: 'DigestMismatch' });
});

test('nothing is written over, and no bundle is none', async (t) => {
  const { from, other } = await moved(t);
  await other.store.commit('b', { f: '' });
  await assert.rejects(copyBundle(from, { store: other.store, key: 'b' }), { code: 'FileAccess' });
  await assert.rejects(copyBundle({ ...from, key: 'none' }, { store: other.store, key: 'c' }), {
    code: 'InputMissing',
  });
});
