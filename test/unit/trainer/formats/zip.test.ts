import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { readZip, writeZip, zipEntries, zipHead } from '../../../../src/trainer/formats/zip.ts';
import { pythonZip } from '../../../helpers/pythonZip.ts';

/** Changes the entries' records in the central directory. */
function changed(archive: Uint8Array, change: (view: DataView, at: number) => void): Uint8Array {
  const copy = archive.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 46 < copy.length; at++) if (view.getUint32(at, true) === 0x02014b50) change(view, at);
  return copy;
}

const text = (name: string, size: number) => ({ [name]: new Uint8Array(size).fill(97) });

test('what we write is read back, and equal contents give equal bytes', () => {
  const files = { 'a.png': Uint8Array.of(1, 2), 'folder/b': new Uint8Array(0) };
  const read = [...readZip(writeZip(files), 'x.zip')].map(({ name, bytes }) => [name, bytes]);
  assert.deepEqual(Object.fromEntries(read), files);
  assert.deepEqual(writeZip(files), writeZip(files));
});

test('only wanted entries are read, folders never', () => {
  const archive = zipSync({ 'folder/': new Uint8Array(0), ...text('folder/a.png', 100), ...text('b.txt', 100) });
  assert.deepEqual(
    [...readZip(archive, 'x')].map(({ name }) => name),
    ['folder/a.png', 'b.txt'],
  );
  assert.deepEqual(
    [...readZip(archive, 'x', (name) => name.endsWith('.png'))].map(({ bytes }) => bytes.length),
    [100],
  );
});

test('an archive that would unpack to too much is refused before it does', () => {
  const bomb = zipSync({ 'zeros.npy': new Uint8Array(10_000_000) }, { level: 9 });
  assert.ok(bomb.length < 100_000);
  for (const limits of [
    { entryBytes: 1_000_000, totalBytes: 2 ** 30 },
    { entryBytes: 2 ** 30, totalBytes: 1_000_000 },
  ])
    assert.throws(() => zipEntries(bomb, 'bomb.zip', undefined, { entries: 10, ...limits }), {
      code: 'InputUnsafe',
      message: /more than 1000000 bytes/,
    });
});

test('stored entries may have any size: they take no memory of their own', () => {
  const archive = zipSync(text('a.npy', 5000), { level: 0 });
  const limits = { entries: 10, entryBytes: 100, totalBytes: 100 };
  const [entry] = readZip(archive, 'x', undefined, limits);
  assert.equal(entry?.bytes.buffer, archive.buffer);
});

test('sizes and offsets of 64 bits are read (ZIP64)', (t) => {
  // Python writes 64 bits where a limit is passed, so that a lower limit makes a small file of the same form.
  const archive = pythonZip(t, "zipfile.ZIP64_LIMIT = 10\nfor name in 'ab':\n  z.writestr(name, name * 100)");
  if (archive === undefined) return;
  const read = [...readZip(archive, 'large.zip')].map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]);
  assert.deepEqual(read, [
    ['a', 'a'.repeat(100)],
    ['b', 'b'.repeat(100)],
  ]);
});

test('an entry whose bytes have changed, or that is encrypted, is refused by name', () => {
  const archive = zipSync({ 'a.npy': Uint8Array.from({ length: 500 }, (_, i) => i) }, { level: 0 });
  const damaged = archive.slice();
  damaged[200] = (damaged[200] as number) ^ 1;
  assert.throws(() => [...readZip(damaged, 'changed.zip')], { code: 'InputForeign', where: 'changed.zip:a.npy' });
  const secret = changed(archive, (view, at) => view.setUint16(at + 8, 1, true));
  assert.throws(() => [...readZip(secret, 'secret.zip')], {
    code: 'InputForeign',
    message: /encrypted/,
    hint: /password/,
  });
});

test('an entry that inflates to more or less than it declares is refused', () => {
  const archive = zipSync(text('a.npy', 5000), { level: 9 });
  const declaring = (size: number) => changed(archive, (view, at) => view.setUint32(at + 24, size, true));
  for (const size of [0, 10, 4999]) assert.throws(() => [...readZip(declaring(size), 'x')], { code: 'InputUnsafe' });
  assert.throws(() => [...readZip(declaring(5001), 'x')], { code: 'InputTruncated', message: /5000 bytes of 5001/ });
});

test('an entry that promises more than its bytes can inflate to takes no memory', () => {
  const archive = changed(zipSync(text('a.npy', 50), { level: 9 }), (view, at) =>
    view.setUint32(at + 24, 2 ** 31 - 1, true),
  );
  const before = process.memoryUsage().arrayBuffers;
  assert.throws(() => [...readZip(archive, 'x')], { code: 'InputUnsafe', message: /more than \d+ can inflate to/ });
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
});

test('damaged deflate is refused as such', () => {
  const archive = zipSync(text('a.npy', 5000), { level: 9 });
  archive[30 + 5] = 0xff; // after the local header and the name
  assert.throws(() => [...readZip(archive, 'x')], { code: 'InputForeign', where: 'x:a.npy' });
});

test('a method that is not deflate is refused by its name, with what to do', () => {
  const archive = zipSync(text('a.npy', 500));
  for (const [method, name] of [
    [9, 'Deflate64'],
    [12, 'bzip2'],
    [14, 'LZMA'],
    [93, 'Zstandard'],
    [77, 'method 77'],
  ] as const) {
    const other = changed(archive, (view, at) => view.setUint16(at + 10, method, true));
    assert.throws(() => [...readZip(other, 'x')], {
      code: 'InputForeign',
      where: 'x:a.npy',
      message: new RegExp(name),
      hint: /Unpack it/,
    });
  }
});

test('the head of an entry is told without the rest, which may be damaged', () => {
  const content = Uint8Array.from({ length: 500_000 }, (_, i) => (i * i) % 251);
  for (const level of [0, 6] as const) {
    const archive = zipSync({ 'a.npy': content }, { level });
    const [entry] = zipEntries(archive, 'x');
    assert.ok(entry !== undefined);
    assert.deepEqual(new Uint8Array(zipHead(archive, entry, 'x', 100)), content.slice(0, 100));
    assert.deepEqual(new Uint8Array(zipHead(archive, entry, 'x', 2 ** 20)), content);
  }
});
