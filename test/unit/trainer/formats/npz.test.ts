import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type NpyArray, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { floatsOf, npzContent, npzEntries, readNpz, writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeZip } from '../../../../src/trainer/formats/zip.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/formats', name));

const arrays = {
  mu: { shape: [2], data: Float64Array.of(0.5, -1.25) },
  bytes: { shape: [2, 2], data: Uint8Array.of(1, 2, 3, 255) },
};

/** An archive with arrays, one of text, one broken, and a file that is none. */
const mixed = writeZip({
  'mu.npy': writeNpy(arrays.mu),
  'name.npy': Buffer.from(writeNpy({ shape: [1], data: BigInt64Array.of(1n) })).fill('<U2', 21, 24),
  'broken.npy': Uint8Array.of(1, 2, 3),
  'readme.txt': Uint8Array.of(1),
});

test('what NumPy wrote is read, compressed or not', () => {
  for (const name of ['statistics.npz', 'compressed.npz'])
    assert.deepEqual([...(readNpz(fixture(name), name).mu?.data ?? [])], [0, 1, 2]);
});

test('what we write is read back, and equal contents give equal bytes', () => {
  assert.deepEqual(readNpz(writeNpz(arrays), 'x'), arrays);
  assert.deepEqual(writeNpz(arrays), writeNpz(arrays));
});

test('only wanted arrays are read: whatever else there is does not matter', () => {
  assert.deepEqual(readNpz(mixed, 'x.npz', ['mu']), { mu: arrays.mu });
  assert.throws(() => readNpz(mixed, 'x.npz'), { code: 'InputForeign', where: 'x.npz:name.npy', message: /strings/ });
  assert.throws(() => readNpz(mixed, 'x.npz', ['mu', 'broken']), { where: 'x.npz:broken.npy' });
});

test('a wanted array that is not there is told with those that are', () => {
  assert.throws(() => readNpz(mixed, 'x.npz', ['sigma']), {
    code: 'InputForeign',
    where: 'x.npz',
    message: 'has no array sigma, only mu, name, broken',
  });
});

test('names, types and shapes are told without inflating all; what cannot be read says why', () => {
  const [mu, name, broken, ...rest] = npzEntries(mixed, 'x.npz');
  assert.ok(mu !== undefined && 'header' in mu);
  assert.deepEqual([mu.name, mu.header.type, mu.header.shape], ['mu', 'float64', [2]]);
  assert.ok(name !== undefined && 'error' in name && broken !== undefined && 'error' in broken);
  assert.match(name.error.message, /strings/);
  assert.deepEqual([broken.name, broken.error.where, rest], ['broken', 'x.npz:broken.npy', []]);
  const compressed = npzEntries(fixture('compressed.npz'), 'x').map((entry) => 'header' in entry && entry.header.shape);
  assert.deepEqual(compressed, [[3], [3, 3]]);
});

test('any numbers are taken as 64-bit floats, with the dimensions that are asked for', () => {
  const all: Record<string, NpyArray> = {
    single: { shape: [2], data: Float32Array.of(0.5, 2) },
    long: { shape: [], data: BigInt64Array.of(50_000n) },
  };
  assert.deepEqual(floatsOf(all, 'single', 1, 'x'), { shape: [2], data: Float64Array.of(0.5, 2) });
  assert.deepEqual(floatsOf(all, 'long', 0, 'x').data, Float64Array.of(50_000));
  assert.throws(() => floatsOf(all, 'single', 2, 'x'), {
    code: 'InputMismatch',
    message: 'single has 1 dimensions, not 2',
  });
  assert.throws(() => floatsOf(all, 'toString', 1, 'x'), {
    code: 'InputForeign',
    message: /no array toString, only single, long/,
  });
});

test('the bytes of one array are those of its .npy file', () => {
  const array = { shape: [2], data: Uint8Array.of(3, 4) };
  const bytes = writeNpz({ a: array, b: { shape: [1], data: Uint8Array.of(5) } });
  assert.deepEqual(npzContent(bytes, 'x.npz', 'a'), writeNpy(array));
  assert.throws(() => npzContent(bytes, 'x.npz', 'c'), { code: 'InputForeign', message: /no array c, only a, b/ });
});
