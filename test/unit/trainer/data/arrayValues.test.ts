import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, noRange, scaleOf, widened } from '../../../../src/trainer/data/arrayValues.ts';
import type { ElementType, Numbers } from '../../../../src/trainer/formats/elements.ts';

const read = (type: ElementType, values: Numbers) => {
  const scale = scaleOf(type, widened(noRange, values), 'x.npy');
  return { bytes: [...bytesOf(values, scale)], said: scale.said };
};

test('bytes stay as they are, without a word', () => {
  assert.deepEqual(read('uint8', Uint8Array.of(0, 7, 255)), { bytes: [0, 7, 255], said: undefined });
});

test('floats of [0, 1] and of [−1, 1] become bytes, and it is said which', () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const unit = read(
    'float32',
    Float32Array.from(every, (byte) => byte / 255),
  );
  assert.deepEqual(unit.bytes, [...every]);
  assert.match(unit.said ?? '', /0 is black and 1 is white/);
  const symmetric = read(
    'float64',
    Float64Array.from(every, (byte) => byte / 127.5 - 1),
  );
  assert.deepEqual(symmetric.bytes, [...every]);
  assert.match(symmetric.said ?? '', /−1 is black/);
});

test('rounding beyond a range does not matter', () => {
  assert.deepEqual(read('float32', Float32Array.of(-1e-7, 1.0000002)).bytes, [0, 255]);
});

test('whole numbers of 0 to 255 are bytes, whatever their type', () => {
  assert.deepEqual(read('float32', Float32Array.of(0, 7, 255)).bytes, [0, 7, 255]);
  assert.deepEqual(read('int64', BigInt64Array.of(0n, 7n, 255n)).bytes, [0, 7, 255]);
  assert.deepEqual(read('uint16', Uint16Array.of(0, 1)).bytes, [0, 1]);
  assert.deepEqual(read('bool', Uint8Array.of(0, 1)).bytes, [0, 255]);
});

test('other values are refused with what was found and what to do', () => {
  const cases: [ElementType, Numbers][] = [
    ['float32', Float32Array.of(0, 0.5, 255)],
    ['float32', Float32Array.of(-2.1, 2.6)],
    ['float64', Float64Array.of(0, 256)],
    ['int32', Int32Array.of(-1, 3)],
    ['uint16', Uint16Array.of(0, 65_535)],
  ];
  for (const [type, values] of cases) {
    assert.throws(
      () => read(type, values),
      (error: { code: string; hint: string; message: string }) => {
        assert.equal(error.code, 'InputForeign');
        assert.match(error.message, new RegExp(`${type} from`));
        assert.match(error.hint, /uint8/);
        return true;
      },
    );
  }
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => read('float32', Float32Array.of(0, wrong, 1)), { message: /not finite/ });
});
