import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { zipDirectory } from '../../../../src/trainer/formats/zipDirectory.ts';
import { pythonZip } from '../../../helpers/pythonZip.ts';

const archive = zipSync({ 'a.png': Uint8Array.of(1, 2, 3), 'folder/b.png': new Uint8Array(50) });
const names = (bytes: Uint8Array) => zipDirectory(bytes, 'x.zip', 1_000_000).map(({ name }) => name);
const joined = (...parts: (Uint8Array | string)[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));

test('bytes before an archive and after it do not matter: offsets count from its own start', () => {
  for (const bytes of [archive, joined('#!/bin/sh\n', archive), joined(archive, archive), joined(archive, '\n\n')])
    assert.deepEqual(names(bytes), ['a.png', 'folder/b.png']);
  const [first] = zipDirectory(joined('before', archive), 'x.zip', 10);
  assert.equal(first?.offset, 6);
});

test('a comment that looks like an end record is none', () => {
  const commented = joined(archive, archive.subarray(-22), 'PK');
  new DataView(commented.buffer).setUint16(archive.length - 2, 24, true);
  assert.deepEqual(names(commented), ['a.png', 'folder/b.png']);
});

test('offsets that count from the start of the file are followed, whatever lies before the end record', () => {
  const signed = joined(archive.subarray(0, -22), 'signature', archive.subarray(-22));
  assert.deepEqual(names(signed), ['a.png', 'folder/b.png']);
});

test('a name is decoded as the entry says, and its bytes are kept', () => {
  const named = zipSync({ 'dé.png': Uint8Array.of(1) });
  assert.deepEqual(names(named), ['dé.png']);
  const view = new DataView(named.buffer, named.byteOffset);
  const entry = view.getUint32(named.length - 6, true);
  view.setUint16(entry + 8, 0, true); // not said to be UTF-8
  const [read] = zipDirectory(named, 'x.zip', 10);
  assert.deepEqual([read?.name, Buffer.from(read?.rawName ?? []).toString()], ['d├⌐.png', 'dé.png']);
});

test('more entries than 16 bits can count are all read (ZIP64), also with bytes before them', (t) => {
  const many = pythonZip(t, "for i in range(65540): z.writestr(f'{i}.png', b'x')");
  if (many === undefined) return;
  for (const bytes of [many, joined('before', many)])
    assert.deepEqual([names(bytes).length, names(bytes).at(-1)], [65_540, '65539.png']);
});

test('too many entries, a broken directory and what is no archive are refused by name', () => {
  assert.throws(() => zipDirectory(archive, 'x.zip', 1), { code: 'InputUnsafe', where: 'x.zip' });
  const broken = archive.slice();
  broken[new DataView(archive.buffer).getUint32(archive.length - 6, true)] = 0;
  assert.throws(() => names(broken), { code: 'InputTruncated' });
  assert.throws(() => names(archive.subarray(0, -30)), { code: 'InputTruncated', message: /before its directory/ });
  assert.throws(() => names(new Uint8Array(100)), { code: 'InputForeign', message: /^is not a zip archive/ });
  assert.throws(() => names(new Uint8Array(10)), { code: 'InputTruncated' });
});
