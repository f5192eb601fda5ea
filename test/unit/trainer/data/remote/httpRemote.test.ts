import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttpRemote } from '../../../../../src/trainer/data/remote/httpRemote.ts';
import type { SourceFile } from '../../../../../src/trainer/data/sourceFiles.ts';
import { bytesOf } from '../../../../helpers/data.ts';
import { fileServer } from '../../../../helpers/httpFiles.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('files are found by their URLs, read by ranges and whole', async (t) => {
  const { url } = await fileServer(t, { 'd/a.tar': 'abcdef', 'd/sub/b.tar': 'x', 'd/.hidden': 'x', 'd/empty': '' });
  const remote = openHttpRemote(['d/a.tar', 'd/sub/b.tar', 'd/.hidden', 'd/empty'].map((name) => `${url}/${name}`));
  const found = await remote.find('');
  assert.deepEqual(
    found.map(({ name, size }) => [name, size]),
    [
      ['a.tar', 6],
      ['sub/b.tar', 1],
      ['empty', 0],
    ],
  );
  const [a, , empty] = found as [SourceFile, SourceFile, SourceFile];
  assert.equal(text(await remote.range(a, 2, 3)), 'cde');
  assert.equal(text(await remote.range(a, 0, 6)), 'abcdef');
  assert.equal(text(await remote.range(a, 3, 0)), '');
  assert.equal(text(await bytesOf(remote.stream(a))), 'abcdef');
  assert.equal(text(await bytesOf(remote.stream(empty))), '');
  assert.deepEqual([await remote.isFile('a.tar'), await remote.isFile('sub')], [true, false]);
  assert.deepEqual(
    (await remote.find('sub')).map(({ name }) => name),
    ['sub/b.tar'],
  );
  await assert.rejects(remote.range(a, 4, 3), { code: 'InputTruncated' });
});
