import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { mnistDigits, splitDigits } from '../../../../../scripts/mnist.ts';
import type { ImageSource } from '../../../../../src/trainer/data/imageSource.ts';
import { loadTensorFlow } from '../../../../../src/trainer/engine/tensorflow.ts';
import { sha256 } from '../../../../../src/trainer/formats/digest.ts';
import { readSafetensors } from '../../../../../src/trainer/formats/safetensors.ts';
import { createExtractor } from '../../../../../src/trainer/metrics/extractors/extractor.ts';
import { classifierPath, classify } from '../../../../../src/trainer/metrics/extractors/greyClassifier.ts';
import type { FeatureSums } from '../../../../../src/trainer/metrics/statistics.ts';
import { memorySource } from '../../../../helpers/trainer.ts';

const tf = await loadTensorFlow(2);
const digits = mnistDigits();
const pixels = 28 * 28;
const path = classifierPath('mnist-classifier');
const extractor = await createExtractor(tf, { name: 'mnist-classifier' }, undefined);
const fixtures = join(import.meta.dirname, '../../../../fixtures');
const quiet = async () => {};

const pixelsOf = (indices: Iterable<number>): Uint8Array =>
  new Uint8Array(
    Buffer.concat(Array.from(indices, (index) => digits.images.subarray(index * pixels, (index + 1) * pixels))),
  );
const set = (indices: Iterable<number>): ImageSource => memorySource(pixelsOf(indices), { size: 28, channels: 1 });

function assertEqualSums(a: FeatureSums, b: FeatureSums): void {
  assert.equal(a.count, b.count);
  for (const key of ['sum', 'outer'] as const) {
    const scale = Math.max(...b[key].map(Math.abs));
    assert.ok(a[key].every((value, i) => Math.abs(value - (b[key][i] as number)) <= 1e-9 * scale));
  }
}

test('the split leaves every class on both sides, and no digit on both', () => {
  const { training, heldOut } = splitDigits(digits.count);
  assert.equal(new Set([...training, ...heldOut]).size, digits.count);
  for (const indices of [training, heldOut]) {
    const classes = new Set(Array.from(indices, (index) => digits.labels[index]));
    assert.equal(classes.size, 10);
  }
});

/** The class that a classifier sees in each picture of 28×28 pixels. */
function predict(file: string, pictures: Uint8Array): ArrayLike<number> {
  const { tensors } = readSafetensors(readFileSync(file), file);
  return tf.tidy(() => {
    const weight = (name: string) => {
      const { values, shape } = tensors.get(name) ?? assert.fail(`no ${name}`);
      return tf.tensor(values, shape);
    };
    const x = tf.tensor4d(Float32Array.from(pictures), [pictures.length / pixels, 28, 28, 1]);
    return tf.argMax(classify(tf, weight, x).logits, 1).dataSync();
  });
}

test('the weights that come with the trainer tell held-out digits apart, 97 % at least', () => {
  const bytes = readFileSync(path);
  const { metadata } = readSafetensors(bytes, path);
  const { heldOut } = splitDigits(digits.count);
  const predicted = predict(path, pixelsOf(heldOut));
  const accuracy = heldOut.filter((index, i) => digits.labels[index] === predicted[i]).length / heldOut.length;
  assert.ok(accuracy >= 0.97, `accuracy ${accuracy}`);
  assert.ok(Math.abs(accuracy - Number(metadata.heldOutAccuracy)) < 0.002, 'as the file says');
  assert.ok(statSync(path).size < 500_000);
  assert.equal(extractor.digest, sha256(bytes));
});

test('those of clothes tell held-out ones apart: 17 of 20 at least, two of each class', () => {
  const clothes = gunzipSync(readFileSync(join(fixtures, 'clothes-idx3-ubyte.gz'))).subarray(16);
  const predicted = predict(classifierPath('fashion-mnist-classifier'), clothes);
  const right = Array.from(predicted).filter((seen, i) => seen === i % 10).length;
  assert.ok(right >= 17, `${right} of 20`);
});

test('its features and its weights are told', () => {
  assert.equal(extractor.dimensions, 64);
  assert.equal(extractor.id, `mnist-classifier-${extractor.digest.slice(0, 8)}`);
});

test("an image's features do not depend on the images beside it", async () => {
  const one = await extractor.sums(set([42]), quiet);
  const several = await extractor.sums(set([42, 7, 1234]), quiet);
  const others = [await extractor.sums(set([7]), quiet), await extractor.sums(set([1234]), quiet)];
  assertEqualSums(several, {
    ...one,
    count: 3,
    sum: one.sum.map((value, i) => others.reduce((sum, other) => sum + (other.sum[i] as number), value)),
    outer: one.outer.map((value, i) => others.reduce((sum, other) => sum + (other.outer[i] as number), value)),
  });
});

test('more images than a batch are counted, reported and can be stopped', async () => {
  const images = set(Array.from({ length: 260 }, (_, i) => i));
  const reported: number[] = [];
  const sums = await extractor.sums(images, async (done) => {
    reported.push(done);
  });
  assert.equal(sums.count, 260);
  assert.deepEqual(reported, [250, 260]);
  await assert.rejects(
    extractor.sums(images, async () => {
      throw new Error('stop');
    }),
    /stop/,
  );
});

test('images of another size are resized', async () => {
  const image = digits.images.subarray(0, pixels);
  const doubled = new Uint8Array(56 * 56).map(
    (_, at) => image[Math.floor(at / 112) * 28 + Math.floor((at % 56) / 2)] as number,
  );
  const small = await extractor.sums(set([0]), quiet);
  const large = await extractor.sums(memorySource(doubled, { size: 56, channels: 1 }), quiet);
  assertEqualSums(large, small); // half-pixel centres: the mean of four equal pixels
});

test('leaks no tensors', async () => {
  const before = tf.memory().numTensors;
  await extractor.sums(set([1, 2, 3]), quiet);
  assert.equal(tf.memory().numTensors, before);
});
