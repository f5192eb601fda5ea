import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchFiles } from '../../../../../src/trainer/data/remote/fetch.ts';
import { openHttpRemote } from '../../../../../src/trainer/data/remote/httpRemote.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { cutAfter, faults, fileServer, status } from '../../../../helpers/httpFiles.ts';

const patient = { budget: 20_000, idle: 400, random: () => 0.05 };
const tick = async () => {};

test('files are fetched to their names, whatever fails on the way and passes', async (t) => {
  const large = randomBytes(2 ** 21 + 3);
  const server = await fileServer(t, { 'd/a/x.bin': large, 'd/b.bin': 'small', 'd/empty': '' });
  const remote = openHttpRemote(
    ['a/x.bin', 'b.bin', 'empty'].map((name) => `${server.url}/d/${name}`),
    patient,
  );
  const files = await remote.find('');
  server.fault = faults(status(503), cutAfter(1000), cutAfter(0), cutAfter(900_000));
  const folder = temporaryFolder(t);
  let ticks = 0;
  await fetchFiles(remote, files, { folder, bytes: 2 ** 30 }, async () => void ticks++);
  assert.ok(large.equals(readFileSync(join(folder, 'a/x.bin'))));
  assert.deepEqual(
    [readFileSync(join(folder, 'b.bin'), 'utf8'), readFileSync(join(folder, 'empty')).length],
    ['small', 0],
  );
  assert.ok(ticks >= 3);
});

test('it stops where it is asked to', async (t) => {
  const server = await fileServer(t, { a: 'a', b: 'b' });
  const remote = openHttpRemote([`${server.url}/a`, `${server.url}/b`]);
  const files = await remote.find('');
  const stop = async () => Promise.reject(new Error('stop'));
  await assert.rejects(fetchFiles(remote, files, { folder: temporaryFolder(t), bytes: 2 ** 30 }, stop), /stop/);
});

test('a name that leads out of the folder, or is none, is not written to', async (t) => {
  const server = await fileServer(t, { a: 'a' });
  const remote = openHttpRemote([`${server.url}/a`]);
  const folder = temporaryFolder(t);
  for (const name of ['../a', '/a', 'b/../../a', 'b//a', '', 'a\0'])
    await assert.rejects(
      fetchFiles(remote, [{ name, size: 1, version: '' }], { folder, bytes: 2 ** 30 }, tick),
      { code: 'InputUnsafe' },
      name,
    );
  assert.deepEqual(readdirSync(folder), []);
});
