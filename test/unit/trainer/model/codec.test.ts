import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pixelCodec, valuesOf } from '../../../../src/trainer/model/codec.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

test('pixels go from 0 … 255 to −1 … 1 and back', () => {
  const values = valuesOf(everyByte);
  assert.deepEqual([values[0], values[255]], [-1, 1]);
  assert.deepEqual(pixelCodec.decode(values), everyByte);
});

test('values beyond −1 … 1 become the nearest byte', () => {
  assert.deepEqual(pixelCodec.decode(Float32Array.of(-3, 1.5, Number.POSITIVE_INFINITY)), Uint8Array.of(0, 255, 255));
});

test('a network sees images of the stored shape', () => {
  assert.deepEqual(pixelCodec.networkShape({ size: 28, channels: 3 }), { size: 28, channels: 3 });
});
