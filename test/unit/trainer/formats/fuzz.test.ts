import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { DdrError } from '../../../../src/api/errors.ts';
import { readIdx, writeIdx } from '../../../../src/trainer/data/idx.ts';
import { readNpy, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { npzEntries, readNpz } from '../../../../src/trainer/formats/npz.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { readZip } from '../../../../src/trainer/formats/zip.ts';

/** Damaged files a format. */
const runs = Number(process.env.DDR_FUZZ_RUNS ?? 2000);
/** No file here has as much as 10 kB: what takes more memory believes a header that lies. */
const mostMemory = 2 ** 24;

const compressed = new Uint8Array(readFileSync(join(import.meta.dirname, '../../../fixtures/formats/compressed.npz')));
const tensors = new Map([
  ['z', { shape: [2, 1], values: Float32Array.of(1.5, -2) }],
  ['a', { shape: [], values: Float32Array.of(3) }],
]);
const images = { shape: [2, 3, 3], data: new Uint8Array(18).fill(7) };

const formats: [name: string, file: Uint8Array, read: (bytes: Uint8Array) => unknown][] = [
  ['npy', writeNpy({ shape: [3], data: Float64Array.of(1, 2, 3) }), (bytes) => readNpy(bytes, 'file')],
  ['npz', compressed, (bytes) => readNpz(bytes, 'file')],
  ['npz, its list', compressed, (bytes) => npzEntries(bytes, 'file')],
  ['safetensors', writeSafetensors({ tensors, metadata: { by: 'us' } }), (bytes) => readSafetensors(bytes, 'file')],
  ['zip', zipSync({ 'a/é.png': new Uint8Array(300), b: Uint8Array.of(1) }), (bytes) => [...readZip(bytes, 'file')]],
  ['idx', writeIdx(images), (bytes) => readIdx(bytes, 'file')],
  ['gzipped idx', new Uint8Array(gzipSync(writeIdx(images))), (bytes) => readIdx(bytes, 'file')],
];

/** Bytes some of which are changed, left out or repeated, and some cut off at the end. */
const damaged = (bytes: Uint8Array) => {
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    // Numbers of one, two and four bytes at their ends, where parsers miscount, beside any others.
    put: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom([0], [255], [0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 127]),
    ),
    drop: fc.constantFrom(0, 1, 1, 4, 4, 8),
  });
  const end = fc.oneof(fc.constant(0), fc.nat(bytes.length));
  return fc.record({ changes: fc.array(change, { maxLength: 4 }), end }).map(({ changes, end }) => {
    const result = [...bytes];
    for (const { at, put, drop } of changes) result.splice(at, drop, ...put);
    return Uint8Array.from(result.slice(0, result.length - end));
  });
};

for (const [name, file, read] of formats) {
  test(`a damaged file of ${name} is read or refused by code and place, never worse`, { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(damaged(file), (input) => {
        const [started, held] = [performance.now(), process.memoryUsage().arrayBuffers];
        try {
          read(input);
        } catch (error) {
          assert.ok(error instanceof DdrError && error.where?.startsWith('file'), `${error}`);
          assert.ok(error.code.startsWith('Input'), error.describe());
        }
        assert.ok(performance.now() - started < 2000, 'takes no time');
        assert.ok(process.memoryUsage().arrayBuffers - held < mostMemory, 'takes no memory');
      }),
      { numRuns: runs },
    );
  });
}
