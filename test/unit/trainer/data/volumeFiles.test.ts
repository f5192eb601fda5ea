import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SourceFile } from '../../../../src/trainer/data/sourceFiles.ts';
import { openVolumeFiles } from '../../../../src/trainer/data/volumeFiles.ts';
import { bytesOf, volumeOf } from '../../../helpers/data.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('files below a folder are listed by name, hidden ones left out, and read whole or by ranges', async (t) => {
  const root = volumeOf(t, { 'd/b/2.tar': 'second', 'd/10.tar': 'first', 'd/.x': 'hidden', 'other.tar': 'no' });
  const files = await openVolumeFiles(root, 'd', 'claim data, d');
  const listed = await files.list();
  assert.deepEqual(
    listed.map(({ name, size }) => [name, size]),
    [
      ['10.tar', 5],
      ['b/2.tar', 6],
    ],
  );
  const [first, second] = listed as [SourceFile, SourceFile];
  assert.equal(text(await files.range(first, 1, 3)), 'irs');
  assert.equal(text(await files.range(first, 2, 0)), '');
  assert.equal(text(await bytesOf(files.stream(second))), 'second');
});

test('one file is a place of its own', async (t) => {
  const root = volumeOf(t, { 'd/a.parquet': 'abc', 'd/b.parquet': 'x' });
  const files = await openVolumeFiles(root, 'd/a.parquet', 'a');
  const [only, ...others] = await files.list();
  assert.deepEqual([only?.name, others.length], ['a.parquet', 0]);
  assert.equal(text(await files.range(only as SourceFile, 0, 3)), 'abc');
});

test('a list of before will do to read', async (t) => {
  const root = volumeOf(t, { 'd/a.tar': 'abc' });
  const [file] = await (await openVolumeFiles(root, 'd', 'd')).list();
  const later = await openVolumeFiles(root, 'd', 'd');
  assert.equal(text(await later.range(file as SourceFile, 0, 2)), 'ab');
});

test('a file that vanished, shrank or was written to since it was listed is not read', async (t) => {
  const changes: Record<string, (path: string) => void> = {
    vanished: (path) => rmSync(path),
    moved: (path) => renameSync(path, `${path}.old`),
    shrank: (path) => truncateSync(path, 2),
    written: (path) => writeFileSync(path, 'ABCDEF'),
    touched: (path) => utimesSync(path, 1, 1),
  };
  for (const [how, change] of Object.entries(changes)) {
    const root = volumeOf(t, { 'd/a.tar': 'abcdef' });
    const files = await openVolumeFiles(root, 'd', 'd');
    const [file] = (await files.list()) as [SourceFile];
    change(join(root, 'd/a.tar'));
    await assert.rejects(files.range(file, 0, 6), { code: 'DataChanged', where: 'd: a.tar' }, how);
    await assert.rejects(bytesOf(files.stream(file)), { code: 'DataChanged' }, how);
  }
});

test('nothing outside the volume is read, by a link or by a name', async (t) => {
  const outside = volumeOf(t, { secret: 'abc' });
  const root = volumeOf(t, { 'd/a.tar': 'abc' });
  symlinkSync(join(outside, 'secret'), join(root, 'd/link.tar'));
  const files = await openVolumeFiles(root, 'd', 'd');
  const file = { name: 'link.tar', size: 3, version: '' };
  await assert.rejects(files.range(file, 0, 3), { code: 'InputUnsafe' });
  await assert.rejects(files.range({ ...file, name: '../../secret' }, 0, 3), { code: /InputUnsafe|DataChanged/ });
  await assert.rejects(files.list(), { code: 'InputUnsafe' });
});
