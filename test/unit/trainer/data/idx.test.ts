import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { DdrError } from '../../../../src/api/errors.ts';
import { readIdx, writeIdx } from '../../../../src/trainer/data/idx.ts';

const images = { shape: [2, 2, 3], data: Uint8Array.from({ length: 12 }, (_, i) => i) };
const file = writeIdx(images);

test('an array of bytes comes back as it was, packed or not', () => {
  assert.deepEqual(readIdx(file, 'a'), images);
  const packed = readIdx(gzipSync(file), 'a.gz');
  assert.deepEqual([packed.shape, new Uint8Array(packed.data)], [images.shape, images.data]);
  assert.deepEqual([...file.subarray(0, 8)], [0, 0, 8, 3, 0, 0, 0, 2], 'as LeCun has it');
});

test('what is cut off, packed wrongly or of other numbers is told apart', () => {
  const refused = (bytes: Uint8Array, code: string) => assert.throws(() => readIdx(bytes, 'x'), { code, where: 'x' });
  refused(file.subarray(0, 7), 'InputTruncated');
  refused(file.subarray(0, 14), 'InputTruncated');
  refused(file.subarray(0, 20), 'InputTruncated');
  refused(gzipSync(file).subarray(0, 20), 'InputTruncated');
  refused(Uint8Array.of(0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8), 'InputForeign');
  refused(Uint8Array.of(0, 0, 0x0d, 3, ...file.subarray(4)), 'InputForeign');
});

test('any bytes are an array or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        readIdx(bytes, 'x');
      } catch (error) {
        assert.ok(error instanceof DdrError, String(error));
      }
    }),
  );
});
