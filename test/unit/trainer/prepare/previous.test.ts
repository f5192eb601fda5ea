import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PreparedRecord, savePrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import { previousDigest } from '../../../../src/trainer/prepare/previous.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const digest = (name: string) => name.repeat(64);
const record = (name: string, fields: Partial<PreparedRecord> = {}): PreparedRecord => ({
  format: 1,
  hash: name.repeat(16),
  dataset: { address: name.repeat(16), count: 1, sha256: digest(name) },
  source: { where: 'data/mnist', fingerprint: digest(name), reading: 'as grey' },
  leftOut: { count: 0, bySuffix: {}, examples: [] },
  broken: { count: 0, examples: [] },
  notices: [],
  ...fields,
});

test('of what a source was before, the last is told', async (t) => {
  const { store } = temporaryStore(t);
  const folder = 'runs/a/prepared';
  assert.equal(await previousDigest(store, folder, record('a')), undefined);
  await savePrepared(store, `${folder}/1`, record('a'));
  await savePrepared(store, `${folder}/2`, record('b', { previous: digest('a') }));
  await savePrepared(store, `${folder}/3`, record('d', { source: { ...record('d').source, reading: 'in colour' } }));
  assert.equal(await previousDigest(store, folder, record('c')), digest('b'));
  assert.equal(await previousDigest(store, folder, record('a')), digest('b'));
});

test('a record that cannot be read has nothing to tell', async (t) => {
  const { store } = temporaryStore(t);
  await store.commit('runs/a/prepared/1', { 'prepared.json': 'no json' });
  assert.equal(await previousDigest(store, 'runs/a/prepared', record('a')), undefined);
});
