import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesAt, plainPath, type Remote } from '../../../../../src/trainer/data/remote/remote.ts';
import type { SourceFile } from '../../../../../src/trainer/data/sourceFiles.ts';
import { bytesOf } from '../../../../helpers/data.ts';

const content = new Map(
  Object.entries({ 'd/b.tar': 'second', 'd/a.tar': 'first', 'd/c/x.tar': 'third', 'e.npy': 'one' }),
);
const file = (name: string): SourceFile => ({ name, size: content.get(name)?.length ?? 0, version: name });

/** Files in memory, which counts how often it is asked whether a path is a file. */
function memory() {
  const counted = { asked: 0 };
  const remote: Remote = {
    describe: (path) => `mem:${path}`,
    async isFile(path) {
      counted.asked++;
      return content.has(path);
    },
    find: async (path) =>
      [...content.keys()].filter((name) => name === path || path === '' || name.startsWith(`${path}/`)).map(file),
    range: async ({ name }, offset, length) => Buffer.from(content.get(name) ?? '').subarray(offset, offset + length),
    async *stream({ name }) {
      yield Buffer.from(content.get(name) ?? '');
    },
  };
  return { remote, counted };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('files of a folder have names below it, in their order', async () => {
  const { remote, counted } = memory();
  const files = filesAt(remote, './d//');
  assert.equal(files.where, 'mem:d');
  const listed = await files.list();
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['a.tar', 'b.tar', 'c/x.tar'],
  );
  const [a, , x] = listed as [SourceFile, SourceFile, SourceFile];
  assert.equal(text(await files.range(a, 0, 3)), 'fir');
  assert.equal(text(await bytesOf(files.stream(x))), 'third');
  assert.equal(counted.asked, 1);
});

test('one file is a place of its own, and a list of before will do to read', async () => {
  const { remote } = memory();
  const [only] = (await filesAt(remote, 'e.npy').list()) as [SourceFile];
  assert.equal(only.name, 'e.npy');
  assert.equal(text(await filesAt(remote, 'e.npy').range(only, 1, 2)), 'ne');
});

test('a place without files is missing', async () => {
  await assert.rejects(filesAt(memory().remote, 'nothing').list(), { code: 'InputMissing', where: 'mem:nothing' });
});

test('a path is the same however it is written', () => {
  for (const path of ['a/b', './a/b', 'a//b/', 'a/./b']) assert.equal(plainPath(path), 'a/b');
  for (const path of ['', '.', './', '/']) assert.equal(plainPath(path), '');
});
