import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPrepared, type PreparedRecord, savePrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const hash = '0123456789abcdef';
const folder = `runs/a/prepared/${hash}`;
const digest = 'ab'.repeat(32);
const record: PreparedRecord = {
  format: 1,
  hash,
  dataset: { address: digest.slice(0, 16), count: 10, sha256: digest },
  source: { where: 'data/mnist', fingerprint: digest, reading: digest.slice(0, 16) },
  leftOut: { count: 2, bySuffix: { '.txt': 2 }, examples: ['a.txt', 'b.txt'] },
  broken: { count: 1, examples: [{ name: 'c.png', message: 'ends early' }] },
  notices: ['3 images were not square'],
  reference: digest,
};

test('what a source has become is read back as it was', async (t) => {
  const { store } = temporaryStore(t);
  assert.equal(await loadPrepared(store, folder, hash), undefined);
  await savePrepared(store, folder, record);
  assert.deepEqual(await loadPrepared(store, folder, hash), record);
});

test('a record of other data is told from it', async (t) => {
  const { store } = temporaryStore(t);
  await savePrepared(store, folder, record);
  await assert.rejects(loadPrepared(store, folder, 'fedcba9876543210'), { code: 'DigestMismatch' });
});

test('a record stays short however much was left out', (t) => {
  const { store } = temporaryStore(t);
  const endless = { ...record, notices: Array(1000).fill('notice') };
  assert.throws(() => savePrepared(store, folder, endless));
});
