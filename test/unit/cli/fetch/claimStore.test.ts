import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClaimStore, type RunThere, requireWhole } from '../../../../src/cli/fetch/claimStore.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

/** Runs the commands here. */
const here: RunThere = ([, ...args], most) =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { encoding: 'buffer', maxBuffer: most + 100 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr: stderr.toString(), succeeded: error === null, message: error?.message ?? '' });
    });
  });

const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));

test('a claim is read as a store: files, ranges of them, and names', async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'a'));
  const bytes = bytesOf(1000);
  writeFileSync(join(root, 'a/f'), bytes);
  writeFileSync(join(root, 'a/empty'), '');
  mkdirSync(join(root, 'a/.partial-x'));
  const store = createClaimStore(here, root, 'claim');
  assert.equal(store.describe('a/f'), 'claim:a/f');
  assert.ok(bytes.equals((await store.read('a/f')) ?? assert.fail()));
  assert.equal((await store.read('a/empty'))?.length, 0);
  assert.ok(bytes.subarray(10, 30).equals(await store.readRange('a/f', 10, 20)));
  assert.deepEqual(await store.list('a'), ['empty', 'f']);
  assert.deepEqual([await store.exists('a'), await store.exists('a/f'), await store.exists('b')], [true, true, false]);
});

test('a file of several pieces comes back whole', async (t) => {
  const root = temporaryFolder(t);
  const bytes = Buffer.alloc(2 ** 24 + 5, bytesOf(251));
  writeFileSync(join(root, 'large'), bytes);
  const store = createClaimStore(here, root, 'claim');
  assert.ok(bytes.equals((await store.read('large')) ?? assert.fail()));
  assert.ok(bytes.equals(await store.readRange('large', 0, bytes.length)));
});

test('what is not there, ends before, is a folder, or cannot be read has its code', async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/f'), '12345');
  const store = createClaimStore(here, root, 'claim');
  assert.equal(await store.read('none'), undefined);
  assert.equal(await store.read('a/f/g'), undefined);
  assert.deepEqual(await store.list('none'), []);
  await assert.rejects(store.readRange('none', 0, 1), { code: 'InputMissing', where: 'claim:none' });
  await assert.rejects(store.readRange('a/f', 3, 3), { code: 'InputTruncated' });
  await assert.rejects(store.read('a'), { code: 'InputForeign' });
  await assert.rejects(store.read('../etc'), { code: 'InputUnsafe' });
  if (process.getuid?.() === 0) return; // who may read everything
  chmodSync(join(root, 'a/f'), 0);
  await assert.rejects(store.read('a/f'), { code: 'FileAccess', message: /EACCES/ });
});

test('output that is not all there, and a command that did not come to its end, are to be tried again', () => {
  const stdout = Buffer.from('12345');
  const whole = { stdout, stderr: '5', succeeded: true, message: '' };
  requireWhole(whole);
  requireWhole({ ...whole, stderr: 'ENOENT', succeeded: false });
  assert.throws(() => requireWhole({ ...whole, stderr: '6' }), /5 bytes came of the 6/);
  assert.throws(() => requireWhole({ ...whole, stderr: '', succeeded: false, message: 'exit code 137' }), /137/);
  assert.throws(() => requireWhole({ ...whole, stderr: 'Error: out of memory', succeeded: false }), /memory/);
});
