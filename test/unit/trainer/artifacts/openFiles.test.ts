import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createOpenFiles } from '../../../../src/trainer/artifacts/openFiles.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** How many file descriptors of this process are of the file. */
const opened = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // that of the listing itself
    }
  }).length;

test('a file is opened once for reads that follow one another, and closed when none does', async (t) => {
  const path = join(temporaryFolder(t), 'x');
  writeFileSync(path, '0123456789');
  const files = createOpenFiles(20);
  const many = Array.from({ length: 10 }, (_, i) => files.read(path, i, 1));
  assert.equal((await Promise.all(many)).map(text).join(''), '0123456789');
  const linux = process.platform === 'linux';
  if (linux) assert.equal(opened(path), 1);
  await wait(200);
  if (linux) assert.equal(opened(path), 0);
  assert.equal(text(await files.read(path, 4, 2)), '45');
});

test('after a failed read a file is opened anew', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x');
  const files = createOpenFiles();
  await assert.rejects(files.read(path, 0, 1), { code: 'ENOENT' });
  writeFileSync(path, 'short');
  await assert.rejects(files.read(path, 3, 3), { code: 'InputTruncated', where: path });
  writeFileSync(join(folder, 'y'), 'longer');
  renameSync(join(folder, 'y'), path);
  assert.equal(text(await files.read(path, 3, 3)), 'ger');
});
