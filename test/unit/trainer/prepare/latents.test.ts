import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecSchema } from '../../../../src/api/spec/codec.ts';
import { encoded, latentContent, scaleOf } from '../../../../src/trainer/prepare/latents.ts';
import { parseConfig, tinyAutoencoder } from '../../../helpers/autoencoder.ts';

const config = parseConfig(tinyAutoencoder);
const scale = { size: 1, channels: 1, scalingFactor: 0.5, shiftFactor: 0 };

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

test('the scale is that of the configuration, unless the spec says another', () => {
  const image = { size: 8, channels: 1 } as const;
  const weights = { volume: { claimName: 'codec' } };
  const codec = codecSchema.parse({ name: 'AutoencoderKL', weights });
  assert.deepEqual(scaleOf(codec, config, image), { size: 4, channels: 2, scalingFactor: 0.5, shiftFactor: 0.25 });
  const own = scaleOf({ ...codec, scalingFactor: 2, shiftFactor: 0 }, config, image);
  assert.deepEqual([own.scalingFactor, own.shiftFactor], [2, 0]);
});

test('images are encoded in batches, the last of what is left', async () => {
  const batches: number[] = [];
  const told: number[] = [];
  const encode = (pictures: Uint8Array) => {
    batches.push(pictures.length);
    return Float32Array.from([...pictures].flatMap((byte) => [byte, -byte]));
  };
  const images = each([1, 2, 3].map((byte) => Uint8Array.of(byte)));
  const latents = await all(
    encoded(images, { batchSize: 2, encode, dispose: () => {} }, async (done) => {
      told.push(done);
    }),
  );
  assert.deepEqual([batches, told], [[2, 1], [2]]);
  assert.deepEqual(
    latents,
    [
      [1, -1],
      [2, -2],
      [3, -3],
    ].map((pair) => Float32Array.from(pair)),
  );
});

test('moments are those of what networks see, spread included', async () => {
  const description = { ...scale, values: 'MeanAndDeviation', type: 'float32' } as const;
  const stored = [Float32Array.of(2, 4), Float32Array.of(6, 4)];
  let said: string[] = ['not told'];
  const { latents, moments } = latentContent(description, each(stored), async (found) => {
    said = found;
  });
  const bytes = Buffer.concat(await all(latents.bytes));
  assert.deepEqual([...new Float32Array(Uint8Array.from(bytes).buffer)], [2, 4, 6, 4]);
  assert.deepEqual(moments(), { mean: Float32Array.of(2), deviation: Float32Array.of(Math.sqrt(1 + 4)) });
  assert.deepEqual(said, []);
});

test('latents that were scaled already, or never, are told of', async () => {
  for (const factor of [0.01, 100]) {
    const description = { ...scale, scalingFactor: factor, values: 'Mean', type: 'float16' } as const;
    const told: string[] = [];
    const { latents } = latentContent(description, each([-1, 1].map((x) => Float32Array.of(x))), async (found) => {
      told.push(...found);
    });
    assert.equal(Buffer.concat(await all(latents.bytes)).length, 4);
    assert.match(told[0] ?? '', /deviation of .* instead of about 1.*codec\.scalingFactor/);
  }
});
