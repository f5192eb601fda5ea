import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LogFn } from 'pino';
import { z } from 'zod';
import { DdrError } from '../../../../src/api/errors.ts';
import {
  loadOrName,
  loadOrQuarantine,
  readJson,
  readRecorded,
  recordOf,
  toJson,
  verifyRecorded,
} from '../../../../src/trainer/artifacts/records.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

function logger() {
  const warnings: unknown[] = [];
  return { warnings, warn: ((...args: unknown[]) => void warnings.push(args)) as LogFn };
}

test('a changed or missing file is told from what was recorded', async (t) => {
  const { root, store } = temporaryStore(t);
  const bytes = Uint8Array.of(1, 2, 3);
  await store.commit('a', { f: bytes });
  assert.deepEqual(new Uint8Array(await readRecorded(store, 'a/f', recordOf(bytes))), bytes);
  const damaged = { code: 'DigestMismatch', where: join(root, 'a/f') };
  writeFileSync(join(root, 'a/f'), Uint8Array.of(1, 2, 4));
  await assert.rejects(readRecorded(store, 'a/f', recordOf(bytes)), damaged);
  rmSync(join(root, 'a/f'));
  await assert.rejects(readRecorded(store, 'a/f', recordOf(bytes)), damaged);
  mkdirSync(join(root, 'a/f'));
  await assert.rejects(readRecorded(store, 'a/f', recordOf(bytes)), damaged);
});

test('a file of any size is checked in pieces; a changed, longer, shorter or missing one is told', async (t) => {
  const { root, store } = temporaryStore(t);
  const bytes = Uint8Array.of(1, 2, 3);
  await store.commit('a', { f: bytes });
  await verifyRecorded(store, 'a/f', recordOf(bytes));
  const damaged = { code: 'DigestMismatch', where: join(root, 'a/f') };
  for (const other of [[1, 2, 4], [1, 2, 3, 4], [1, 2], []]) {
    writeFileSync(join(root, 'a/f'), Uint8Array.from(other));
    await assert.rejects(verifyRecorded(store, 'a/f', recordOf(bytes)), damaged);
  }
  rmSync(join(root, 'a/f'));
  await assert.rejects(verifyRecorded(store, 'a/f', recordOf(bytes)), { ...damaged, message: /is missing/ });
  mkdirSync(join(root, 'a/f'));
  await assert.rejects(verifyRecorded(store, 'a/f', recordOf(bytes)), damaged);
});

test('a record is read back as it was written; what is none is damage', async (t) => {
  const { store } = temporaryStore(t);
  const schema = z.object({ count: z.int() });
  await store.commit('a', { good: toJson({ count: 3 }), other: '{"count":"3"}', cut: '{"cou' });
  assert.deepEqual(await readJson(store, 'a/good', schema), { count: 3 });
  assert.equal(await readJson(store, 'a/none', schema), undefined);
  for (const name of ['other', 'cut'])
    await assert.rejects(readJson(store, `a/${name}`, schema), { code: 'DigestMismatch' });
});

test('a folder that has lost its record is quarantined, since nothing could be committed in its place', async (t) => {
  const { root, store } = temporaryStore(t);
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/x.txt'), 'left over');
  const log = logger();
  const load = async () => ((await store.exists('a/record.json')) ? 'loaded' : undefined);
  assert.equal(await loadOrQuarantine(store, 'a', load, log), undefined);
  await store.commit('a', { 'record.json': '{}' });
  assert.equal(await loadOrQuarantine(store, 'a', load, log), 'loaded');
  assert.equal(log.warnings.length, 1);
  assert.equal(await loadOrQuarantine(store, 'not-there', async () => undefined, log), undefined);
});

test('what cannot be read at the moment is not quarantined', async (t) => {
  const { root, store } = temporaryStore(t);
  await store.commit('a', { 'record.json': '{}' });
  rmSync(join(root, 'a/record.json'));
  symlinkSync('record.json', join(root, 'a/record.json')); // a circle
  const load = () => readJson(store, 'a/record.json', z.object({}));
  await assert.rejects(loadOrQuarantine(store, 'a', load, logger()), { code: 'FileAccess' });
  assert.deepEqual(await store.list('a'), ['record.json']);
});

test('another Job’s damaged work is named, with what to do', async () => {
  const damaged = async () => Promise.reject(new DdrError('DigestMismatch', 'has 3 bytes', { where: 'f' }));
  await assert.rejects(loadOrName('the bundle', 'aggregation', damaged), {
    code: 'DigestMismatch',
    message: /the bundle is damaged.*3 bytes/,
    where: 'f',
    hint: /Delete the Job of aggregation/,
  });
  const other = async () => Promise.reject(new DdrError('FileAccess', 'no answer'));
  await assert.rejects(loadOrName('the bundle', 'aggregation', other), { code: 'FileAccess', message: 'no answer' });
});
