import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';

const ours = {
  tensors: new Map([
    ['z', { shape: [2, 1], values: Float32Array.of(1.5, -2) }],
    ['a', { shape: [1], values: Float32Array.of(3) }],
  ]),
  metadata: { by: 'us' },
};

/** A file with that header and data. */
function file(header: object, data: ArrayBufferView): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]));
}

test('what safetensors for Python wrote is read', () => {
  const path = join(import.meta.dirname, '../../../fixtures/formats/tensors.safetensors');
  const { tensors, metadata } = readSafetensors(readFileSync(path), path);
  assert.deepEqual(metadata, { by: 'python' });
  assert.deepEqual(tensors.get('a'), { shape: [3], values: Float32Array.of(0, 1, 2) });
  assert.deepEqual(tensors.get('b'), { shape: [2, 2], values: Float32Array.of(1, 1, 1, 1) });
});

test('what we write is read back, in its order, and equal contents give equal bytes', () => {
  const bytes = writeSafetensors(ours);
  assert.deepEqual(readSafetensors(bytes, 'x'), ours);
  assert.deepEqual([...readSafetensors(bytes, 'x').tensors.keys()], ['z', 'a']);
  assert.deepEqual(writeSafetensors(ours), bytes);
});

test('tensors of any shape survive', () => {
  const name = fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__');
  const shapes = fc.dictionary(name, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(shapes, (shapes) => {
      const tensors = new Map(
        Object.entries(shapes).map(([name, shape]) => {
          const count = shape.reduce((product, size) => product * size, 1);
          return [name, { shape, values: Float32Array.from({ length: count }, (_, i) => i / 3) }];
        }),
      );
      assert.deepEqual(readSafetensors(writeSafetensors({ tensors, metadata: {} }), 'x').tensors, tensors);
    }),
  );
});

test('floats of other widths become 32-bit floats', () => {
  const header = {
    __metadata__: null,
    half: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
    brain: { dtype: 'BF16', shape: [2], data_offsets: [4, 8] },
    double: { dtype: 'F64', shape: [], data_offsets: [8, 16] },
  };
  const bytes = new Uint8Array(16);
  new Uint16Array(bytes.buffer).set([0x3c00, 0xc000, 0x3f80, 0xc040]);
  new Float64Array(bytes.buffer).set([0.1], 1);
  const { tensors } = readSafetensors(file(header, bytes), 'x');
  assert.deepEqual(tensors.get('half')?.values, Float32Array.of(1, -2));
  assert.deepEqual(tensors.get('brain')?.values, Float32Array.of(1, -3));
  assert.deepEqual(tensors.get('double'), { shape: [], values: Float32Array.of(0.1) });
});

test('tensors of other types are left out, and refused by name and type where they are wanted', () => {
  const header = {
    steps: { dtype: 'I64', shape: [1], data_offsets: [0, 8] },
    w: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
  };
  const bytes = file(header, new Uint8Array(12));
  assert.deepEqual([...readSafetensors(bytes, 'x').tensors.keys()], ['w']);
  assert.deepEqual([...readSafetensors(bytes, 'x', ['w']).tensors.keys()], ['w']);
  assert.throws(() => readSafetensors(bytes, 'x', ['steps']), {
    code: 'InputForeign',
    where: 'x',
    message: /^steps is of type I64/,
  });
  assert.throws(() => readSafetensors(bytes, 'x', ['v']), { code: 'InputForeign', message: 'has no tensor v' });
});

test('values lie in memory of their own, so that they may be changed', () => {
  const bytes = writeSafetensors(ours);
  const copy = bytes.slice();
  for (const { values } of readSafetensors(bytes, 'x').tensors.values()) values.fill(0);
  assert.deepEqual(bytes, copy);
});
