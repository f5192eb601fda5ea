import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesPerElement,
  type ElementType,
  numbersOf,
  toFloat64,
  toHalves,
  toRowMajor,
} from '../../../../src/trainer/formats/elements.ts';

const bytesOf = (array: Uint16Array | Float64Array | Int32Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

test('16-bit floats of both sorts become the 32-bit floats that they stand for', () => {
  const halves = Uint16Array.of(0, 0x8000, 0x3c00, 0xc000, 0x7bff, 1, 0x03ff, 0x7c00, 0xfc00);
  const expected = [
    0,
    -0,
    1,
    -2,
    65_504,
    2 ** -24,
    1023 * 2 ** -24,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  assert.deepEqual(numbersOf('float16', bytesOf(halves)), Float32Array.from(expected));
  assert.deepEqual(numbersOf('float16', bytesOf(Uint16Array.of(0x7e00))), Float32Array.of(Number.NaN));
  const brain = numbersOf('bfloat16', bytesOf(Uint16Array.of(0x3f80, 0xc040, 0x7f80)));
  assert.deepEqual(brain, Float32Array.of(1, -3, Number.POSITIVE_INFINITY));
});

test('what was read from halves becomes the same halves', () => {
  const finite = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => ((bits >> 10) & 31) < 31);
  assert.deepEqual(toHalves(numbersOf('float16', bytesOf(finite)) as Float32Array), finite);
});

test('booleans are 0 and 1, whatever byte stands for true', () => {
  assert.deepEqual(numbersOf('bool', Uint8Array.of(0, 1, 2, 255)), Uint8Array.of(0, 1, 1, 1));
});

test('aligned numbers that need no conversion are a view; others are a copy, and the bytes stay as they were', () => {
  const bytes = bytesOf(Float64Array.of(1, 2));
  assert.equal(numbersOf('float64', bytes).buffer, bytes.buffer);
  const shifted = new Uint8Array(17);
  shifted.set(bytes, 1);
  assert.deepEqual(numbersOf('float64', shifted.subarray(1)), Float64Array.of(1, 2));
  const integers = bytesOf(Int32Array.of(1));
  assert.deepEqual(numbersOf('int32', integers, true), Int32Array.of(2 ** 24));
  assert.deepEqual(integers, bytesOf(Int32Array.of(1)));
});

test('bytes that are swapped beforehand and read as big-endian are the same numbers', () => {
  const types: ElementType[] = ['uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 64 }), (type, raw) => {
      const size = bytesPerElement(type);
      const bytes = raw.slice(0, raw.length - (raw.length % size));
      const swapped = bytes.map((_, i) => bytes[i - (i % size) + size - 1 - (i % size)] as number);
      assert.deepEqual(numbersOf(type, swapped, true), numbersOf(type, bytes));
    }),
  );
});

test('64-bit integers become the nearest 64-bit floats', () => {
  assert.deepEqual(toFloat64(BigInt64Array.of(-3n, 2n ** 53n + 1n)), Float64Array.of(-3, 2 ** 53));
  assert.deepEqual(toFloat64(Float32Array.of(0.5)), Float64Array.of(0.5));
});

test('Fortran order becomes C order: each element stays at its index', () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(shape, (shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const rowMajor = toRowMajor(
        Int32Array.from({ length: count }, (_, i) => i),
        shape,
      );
      for (let at = 0; at < count; at++) {
        let [rest, fortran] = [at, 0];
        for (let axis = shape.length - 1; axis >= 0; axis--) {
          const stride = shape.slice(0, axis).reduce((product, size) => product * size, 1);
          fortran += (rest % (shape[axis] as number)) * stride;
          rest = Math.floor(rest / (shape[axis] as number));
        }
        assert.equal(rowMajor[at], fortran);
      }
    }),
  );
});
