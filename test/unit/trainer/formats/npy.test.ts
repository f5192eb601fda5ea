import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  npyHeadBytes,
  npyHeader,
  npyNumbers,
  parseNpyHeader,
  readNpy,
  writeNpy,
} from '../../../../src/trainer/formats/npy.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/formats', name));

/** A file of format 1.0 with that header. */
function file(header: string, data: ArrayLike<number> = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), version, 0, ...length, ...text, ...Array.from(data));
}

test('what NumPy wrote is read', () => {
  const bytes = readNpy(fixture('bytes.npy'), 'bytes.npy');
  assert.deepEqual(bytes, { shape: [2, 3, 4], data: Uint8Array.from({ length: 24 }, (_, i) => i) });
  const doubles = readNpy(fixture('doubles.npy'), 'doubles.npy');
  assert.deepEqual([doubles.shape, doubles.data[0], doubles.data[6]], [[7], -1, 1]);
  assert.deepEqual(readNpy(fixture('fortran.npy'), 'x'), { shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
});

test('pickled objects are refused by name', () => {
  assert.throws(() => readNpy(fixture('objects.npy'), 'objects.npy'), {
    code: 'InputForeign',
    where: 'objects.npy',
    message: /Python objects/,
  });
});

test('a header says where the elements are, so that some can be read by position', () => {
  const whole = fixture('bytes.npy');
  const header = parseNpyHeader(whole.subarray(0, 128), 'bytes.npy');
  assert.deepEqual(header, {
    type: 'uint8',
    bigEndian: false,
    fortran: false,
    shape: [2, 3, 4],
    dataOffset: 128,
    dataBytes: 24,
  });
  assert.deepEqual([...npyNumbers(header, whole.subarray(128 + 12, 128 + 14))], [12, 13]);
});

test('any header can be judged by the first bytes of a file', () => {
  assert.throws(() => parseNpyHeader(file(' '.repeat(65_535)).subarray(0, npyHeadBytes), 'x'), {
    code: 'InputForeign',
    message: /header of 65535 bytes/,
  });
  const long = file('', [], 2);
  long.set([255, 255, 255, 255], 8);
  assert.throws(() => parseNpyHeader(long, 'x'), { code: 'InputForeign' });
});

test('a header is read in any spelling, also that of Python 2', () => {
  for (const header of [
    "{'shape': (1, 2), 'descr': '|u1', 'fortran_order': False}",
    '{"fortran_order":False,"shape":(1,2,),"descr":"u1",}\n',
    "\n{'descr' : '<u1' , 'fortran_order' : False , 'shape' : (1L, 2L) , }   \n",
  ])
    assert.deepEqual(readNpy(file(header, [7, 8]), 'x'), { shape: [1, 2], data: Uint8Array.of(7, 8) }, header);
  const utf8 = file("{'descr': '|u1', 'fortran_order': False, 'shape': ()} # é", [3], 3);
  assert.deepEqual(readNpy(utf8, 'x'), { shape: [], data: Uint8Array.of(3) });
});

test('a header that NumPy would not read is refused for what is wrong with it', () => {
  const header = (fields: Record<string, string>) =>
    `{${Object.entries({ "'descr'": "'|u1'", "'fortran_order'": 'False', "'shape'": '(1,)', ...fields })
      .map(([key, value]) => `${key}: ${value}`)
      .join(', ')}}`;
  for (const [text, message] of [
    [header({ "'shape'": '(1.5,)' }), /unexpected "\."/],
    [header({ "'shape'": '(-1,)' }), /shape/],
    [header({ "'shape'": '[1]' }), /shape/],
    [header({ "'shape'": `(${'1,'.repeat(65)})` }), /shape/],
    [header({ "'fortran_order'": '0' }), /fortran_order/],
    [header({ "'x'": '1' }), /keys/],
    ['{}', /keys/],
    ['[]', /not a dict/],
    ['{', /ends too early/],
  ] as const)
    assert.throws(() => readNpy(file(text, [1]), 'x'), { code: 'InputForeign', message });
  assert.throws(
    () => readNpy(file(header({ "'shape'": '(1L,)' }), [1], 3), 'x'),
    { code: 'InputForeign' },
    'format 3 is not of Python 2',
  );
  assert.throws(() => readNpy(file(header({}), [1], 4), 'x'), { message: /format 4\.0/ });
});

test('a file that ends too early says how much is missing', () => {
  const whole = writeNpy({ shape: [2], data: Float64Array.of(1, 2) });
  assert.throws(() => readNpy(whole.subarray(0, -1), 'x'), {
    code: 'InputTruncated',
    message: /15 bytes of data; its header promises 16/,
  });
  for (const length of [0, 5, 11, 60])
    assert.throws(() => readNpy(whole.subarray(0, length), 'x'), { code: 'InputTruncated' });
});

test('a shape beyond all memory is refused before any is taken', () => {
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}";
  assert.throws(() => readNpy(file(header), 'x'), { code: 'InputTruncated' });
});

const types = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

test('arrays of any type and shape survive, and equal arrays give equal bytes', () => {
  const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
  fc.assert(
    fc.property(shape, fc.constantFrom(...types), fc.nat(255), (shape, Type, seed) => {
      const data = new Type(shape.reduce((product, size) => product * size, 1));
      new Uint8Array(data.buffer).forEach((_, i, bytes) => {
        bytes[i] = (i * 37 + seed) % 113; // no NaN
      });
      const bytes = writeNpy({ shape, data });
      assert.deepEqual(readNpy(bytes, 'x'), { shape, data });
      assert.deepEqual(writeNpy({ shape, data: data.slice() }), bytes);
    }),
  );
});

test('the header alone is what comes before the data, so that they may follow piece by piece', () => {
  const whole = writeNpy({ shape: [3, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  const header = npyHeader({ shape: [3, 2], descr: '|u1' });
  assert.deepEqual(header, whole.slice(0, 128));
  assert.equal(
    new TextDecoder().decode(header.subarray(10, 72)),
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }   ",
  );
});
