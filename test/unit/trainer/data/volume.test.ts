import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInput, readInputRange, resolveInVolume, toInputError } from '../../../../src/trainer/data/volume.ts';
import { volumeOf } from '../../../helpers/data.ts';

test('a path is resolved within its volume', async (t) => {
  const root = volumeOf(t, { 'a/b.txt': 'x' });
  symlinkSync('a', join(root, 'link'));
  assert.equal(await resolveInVolume(root, 'link/b.txt', 'dataset'), join(root, 'a/b.txt'));
  assert.equal(await resolveInVolume(root, '', 'dataset'), root);
});

test('what is missing, outside or a circle is refused', async (t) => {
  const root = volumeOf(t, { 'a/b.txt': 'x' });
  symlinkSync('/etc', join(root, 'out'));
  symlinkSync('circle', join(root, 'circle'));
  const cases = {
    gone: 'InputMissing',
    'a/b.txt/c': 'InputMissing',
    out: 'InputUnsafe',
    '..': 'InputUnsafe',
    circle: 'InputForeign',
  };
  for (const [path, code] of Object.entries(cases))
    await assert.rejects(resolveInVolume(root, path, 'dataset'), { code }, path);
  await assert.rejects(resolveInVolume(undefined, 'a', 'dataset'), { code: 'InvalidTask' });
});

test('a file is read whole or in part, and only a file', async (t) => {
  const root = volumeOf(t, { 'a.txt': '0123456789' });
  const path = join(root, 'a.txt');
  assert.equal(Buffer.from(await readInput(path)).toString(), '0123456789');
  assert.equal(Buffer.from(await readInputRange(path, 3, 4)).toString(), '3456');
  assert.equal(Buffer.from(await readInputRange(path, 8, 4)).toString(), '89');
  for (const read of [readInput, (path: string) => readInputRange(path, 0, 1)]) {
    await assert.rejects(read(root), { code: 'InputForeign' });
    await assert.rejects(read(join(root, 'gone')), { code: 'InputMissing' });
  }
});

test('what may not be read is named once, escaped, with the remedy', () => {
  const refused = Object.assign(new Error("EACCES: permission denied, open '/data/\x1b.png'"), {
    code: 'EACCES',
    syscall: 'open',
  });
  const error = toInputError(refused, '/data/\\x1b.png');
  assert.deepEqual(
    [error.code, error.message, error.where],
    ['FileAccess', 'EACCES: permission denied', '/data/\\x1b.png'],
  );
  assert.match(error.hint ?? '', /chmod -R a\+rX/);
});

test('a folder instead of a file is refused with the format that it may be of', async (t) => {
  const root = volumeOf(t, { 'folder/a.png': 'x' });
  await assert.rejects(readInput(join(root, 'folder')), { code: 'InputForeign', hint: /ImageFolder/ });
});
