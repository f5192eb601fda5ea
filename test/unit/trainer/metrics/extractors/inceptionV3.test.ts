import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor4D } from '../../../../../src/trainer/engine/tensorflow.ts';
import { readNpy } from '../../../../../src/trainer/formats/npy.ts';
import { createExtractor } from '../../../../../src/trainer/metrics/extractors/extractor.ts';
import {
  inceptionStages,
  inceptionV3,
  prepareImages,
} from '../../../../../src/trainer/metrics/extractors/inceptionV3.ts';
import type { Weights } from '../../../../../src/trainer/metrics/extractors/network.ts';
import { memorySource } from '../../../../helpers/trainer.ts';

interface Described {
  mean: number[][];
  at: number[][];
}

/** Of the same network by PyTorch, with a sixteenth of the channels: test/fixtures/inception_reference.py. */
const reference = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../fixtures/inception.json'), 'utf8'),
) as {
  narrowing: number;
  sets: { size: number; channels: number; stages: Record<string, Described> }[];
};

const tf = await loadTensorFlow(2);

const product = (shape: readonly number[]) => shape.reduce((size, part) => size * part, 1);

/** The numbers of the reference script: a linear congruential generator seeded by the name (FNV-1a). */
function numbers(name: string, count: number): Float64Array {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(name)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

function valuesOf(name: string, shape: number[]): Float32Array {
  const values = numbers(name, product(shape));
  if (name.endsWith('conv.weight')) {
    const bound = Math.sqrt(6 / product(shape.slice(1)));
    return Float32Array.from(values, (value) => (2 * value - 1) * bound);
  }
  const positive = name.endsWith('bn.weight') || name.endsWith('bn.running_var');
  return Float32Array.from(values, (value) => (positive ? value + 0.5 : 0.4 * value - 0.2));
}

const weights: Weights = (name, shape) => tf.tensor(valuesOf(name, shape), shape);

function assertNear(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] as number))));
  assert.ok(error <= 2e-5 * scale, `${what} is off by ${error} of ${scale}`);
}

function assertStage(name: string, x: Tensor4D, { mean, at }: Described): void {
  const [images, , , channels] = x.shape;
  assertNear(tf.mean(x, [1, 2]).dataSync(), mean.flat(), `mean of ${name}`);
  assertNear(tf.slice(x, [0, 1, 2, 0], [images, 1, 1, channels]).dataSync(), at.flat(), `a pixel of ${name}`);
}

for (const { size, channels, stages: expected } of reference.sets) {
  test(`every block is PyTorch's, from images of ${size}×${size}×${channels}`, () => {
    tf.tidy(() => {
      const shape: [number, number, number, number] = [2, size, size, channels];
      const pixels = numbers(`images ${size}`, product(shape)).map((value) => Math.floor(value * 256));
      let x = prepareImages(tf, tf.tensor4d(Float32Array.from(pixels), shape));
      assertStage('images', x, expected.images as Described);
      const compared = ['images'];
      for (const { name, layer } of inceptionStages(tf, weights, reference.narrowing)) {
        x = layer(x);
        const stage = expected[name];
        if (stage === undefined) continue;
        assertStage(name, x, stage);
        compared.push(name);
      }
      assert.deepEqual(compared, Object.keys(expected));
      assertNear(
        inceptionV3(tf, weights, reference.narrowing)
          .features(tf.tensor4d(Float32Array.from(pixels), shape))
          .dataSync(),
        (expected.Mixed_7c as Described).mean.flat(),
        'features',
      );
    });
  });
}

const folder = process.env.DDR_INCEPTION_REFERENCE;
test('the network of the real size is PyTorch’s', {
  skip: folder === undefined && 'set DDR_INCEPTION_REFERENCE to what inception_reference.py full FOLDER wrote',
}, async (t) => {
  const read = (name: string) => readNpy(readFileSync(join(folder as string, name)), name);
  const images = read('images.npy');
  const expected = read('features.npy');
  const [count = 0, size = 0, , channels = 1] = images.shape;
  const extractor = await createExtractor(
    tf,
    { name: 'inception-v3-fid', weights: { volume: { claimName: 'weights', path: 'weights.safetensors' } } },
    folder,
  );
  const shape = { size, channels: channels as 1 | 3 };
  let worst = 0;
  const bytes = size * size * channels;
  for (let i = 0; i < count; i++) {
    const pixels = (images.data as Uint8Array).subarray(i * bytes, (i + 1) * bytes);
    const { sum } = await extractor.sums(memorySource(pixels, shape), async () => {});
    sum.forEach((value, j) => {
      worst = Math.max(worst, Math.abs(value - Number(expected.data[i * 2048 + j])));
    });
  }
  const scale = Math.max(...Array.from(expected.data, Number));
  t.diagnostic(`largest difference ${worst} of features up to ${scale}`);
  assert.ok(worst <= 1e-4 * scale);
});
