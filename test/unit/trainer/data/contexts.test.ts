import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ContextFile } from '../../../../src/api/spec/conditions.ts';
import { openContexts, requireShape } from '../../../../src/trainer/data/contexts.ts';
import { numbersOf } from '../../../../src/trainer/formats/elements.ts';
import { npyHeader, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { volumeOf } from '../../../helpers/data.ts';

const shape = [3, 2, 4];
const values = Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1);
const npy = writeNpy({ shape, data: values });

const open = (t: TestContext, bytes: Uint8Array, file: Partial<ContextFile> = {}) =>
  openContexts({ path: 'c', from: 'Npy', ...file }, volumeOf(t, { c: bytes }));

/** An .npy file of halves. @param bits of each number */
const halves = (bits: number[]) =>
  Buffer.concat([
    npyHeader({ descr: '<f2', shape: [bits.length / 4, 2, 2] }),
    Buffer.from(Uint16Array.from(bits).buffer),
  ]);

test('contexts are read by position, from every kind of file', async (t) => {
  const tensors = new Map([
    ['other', { shape: [5], values: new Float32Array(5) }],
    ['c', { shape, values }],
  ]);
  for (const [from, bytes] of [
    ['Npy', npy],
    ['Npz', writeNpz({ c: { shape, data: values }, d: { shape: [1], data: Uint8Array.of(1) } })],
    ['Safetensors', writeSafetensors({ tensors, metadata: {} })],
  ] as const) {
    const { count, tokens, width, type, read } = await open(t, bytes, { from, ...(from !== 'Npy' && { array: 'c' }) });
    assert.deepEqual([count, tokens, width, type], [3, 2, 4, 'float32']);
    assert.deepEqual(numbersOf(type, (await read(1, 2)).slice()), values.subarray(8));
  }
});

test('contexts of several files are one after the other, halves as they are', async (t) => {
  const bits = [0x3c00, 0xc000, 0, 0x3800, 1, 2, 0x83ff, 0x7bff];
  const root = volumeOf(t, {
    'c/a.npy': halves(bits.slice(0, 4)),
    'c/b.npy': halves(bits.slice(4)),
    'c/notes.txt': '',
  });
  const { count, type, read } = await openContexts({ path: 'c', from: 'Npy' }, root);
  assert.deepEqual([count, type], [2, 'float16']);
  const bytes = await read(0, 2);
  assert.deepEqual(new Uint16Array(bytes.slice().buffer), Uint16Array.from(bits));
  assert.deepEqual(await read(1, 1), bytes.subarray(8));
  const nan = volumeOf(t, { 'c/a.npy': halves([0x7e00, 0, 0, 0]) });
  await assert.rejects((await openContexts({ path: 'c', from: 'Npy' }, nan)).read(0, 1), { message: /not finite/ });
});

test('halves stay halves', async (t) => {
  const { type, read } = await open(t, halves([0x3c00, 0xc000, 0, 0x3800, 1, 2, 3, 4]));
  assert.equal(type, 'float16');
  assert.deepEqual(numbersOf(type, (await read(0, 1)).slice()), Float32Array.of(1, -2, 0, 0.5));
});

test('other numbers, orders and shapes are refused with what to do', async (t) => {
  await assert.rejects(open(t, writeNpy({ shape, data: new Float64Array(24) })), {
    code: 'InputForeign',
    message: /float64/,
    hint: /float16 or float32/,
  });
  await assert.rejects(open(t, writeNpy({ shape: [6, 4], data: values })), {
    code: 'InputForeign',
    message: /\[6, 4\]/,
  });
  const fortran = Buffer.from(npy);
  fortran.write("'fortran_order': True, ", fortran.indexOf("'fortran_order'"));
  await assert.rejects(open(t, fortran), { code: 'InputForeign', message: /Fortran/ });
  await assert.rejects(open(t, npy.subarray(0, npy.length - 1)), { code: 'InputTruncated' });
  await assert.rejects(
    open(t, writeSafetensors({ tensors: new Map(), metadata: {} }), { from: 'Safetensors', array: 'c' }),
    {
      code: 'InputForeign',
      message: /no tensor c/,
    },
  );
});

test('a number that is not finite is refused where it is read', async (t) => {
  const { read } = await open(t, halves([0, 0, 0, 0, 0x7c00, 0, 0, 0]));
  await read(0, 1);
  await assert.rejects(read(1, 1), { code: 'InputForeign', message: /not finite/ });
});

test('a width or number of tokens that the data do not have is named, with what they have', () => {
  const contexts = { where: 'c.npy', tokens: 2, width: 4 };
  requireShape(contexts, { tokens: 2, width: 4 });
  assert.throws(() => requireShape(contexts, { tokens: 2, width: 8 }), {
    code: 'InputMismatch',
    message: /width 4, not 8/,
    hint: /dataset.contexts.width/,
  });
  assert.throws(() => requireShape(contexts, { tokens: 77, width: 4 }), {
    code: 'InputMismatch',
    message: /tokens 2, not 77/,
  });
});

test('any range of any contexts is that part of the file', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(...[5, 3, 4].map((max) => fc.integer({ min: 1, max }))),
      fc.nat(),
      fc.nat(),
      async ([n = 1, tokens = 1, width = 1], a, b) => {
        const data = Float32Array.from({ length: n * tokens * width }, (_, i) => i);
        const { read } = await open(t, writeNpy({ shape: [n, tokens, width], data }));
        const first = a % n;
        const size = 1 + (b % (n - first));
        const expected = data.subarray(first * tokens * width, (first + size) * tokens * width);
        assert.deepEqual(numbersOf('float32', (await read(first, size)).slice()), expected);
      },
    ),
    { numRuns: 20 },
  );
});
