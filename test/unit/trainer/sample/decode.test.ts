import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Codec } from '../../../../src/trainer/model/codec.ts';
import { pixelCodec } from '../../../../src/trainer/model/codec.ts';
import { decodeSamples } from '../../../../src/trainer/sample/decode.ts';

/** Samples of one value; a picture is [the value, its place in the batch]. */
const codec: Codec = {
  networkShape: () => ({ size: 1, channels: 1 }),
  decode: (values) => Uint8Array.from([...values].flatMap((value, place) => [value, place])),
  batchSize: 3,
  dispose: () => {},
};

test('a sample has the same place in its batch whatever the shard', async () => {
  const samples = Float32Array.from({ length: 10 }, (_, i) => i + 1);
  let batches = 0;
  const decode = (first: number, count: number) =>
    decodeSamples(codec, samples.subarray(first, first + count), { first, count }, async () => {
      batches++;
    });
  const whole = await decode(0, 10);
  assert.deepEqual(
    [...whole],
    [...samples].flatMap((value, i) => [value, i % 3]),
  );
  assert.equal(batches, 4);
  for (const cut of [1, 3, 4, 8])
    assert.deepEqual(Buffer.concat([await decode(0, cut), await decode(cut, 10 - cut)]), Buffer.from(whole));
});

test('pixels are decoded at once', async () => {
  const never = async () => assert.fail();
  assert.deepEqual(
    await decodeSamples(pixelCodec, Float32Array.of(-1, 1), { first: 5, count: 2 }, never),
    Uint8Array.of(0, 255),
  );
});
