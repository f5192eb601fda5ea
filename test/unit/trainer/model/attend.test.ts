import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { attend } from '../../../../src/trainer/model/attend.ts';

const tf = await loadTensorFlow(1);
const random = (shape: number[], seed: number): Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

test('several heads are one head each over their own channels, side by side', () => {
  const [query, key, value] = [random([2, 5, 6], 1), random([2, 3, 6], 2), random([2, 3, 6], 3)];
  const heads = [0, 1].map((head) => {
    const own = (x: Tensor) => tf.slice(x, [0, 0, head * 3], [-1, -1, 3]);
    return attend(tf, own(query), own(key), own(value), 1);
  });
  const difference = tf.sub(attend(tf, query, key, value, 2), tf.concat(heads, 2));
  assert.ok(difference.dataSync().every((each) => Math.abs(each) < 1e-6));
});

test('a query that is like one key only gets its value', () => {
  const key = tf.tensor3d([[[100, 0], [0, 100]]]); // biome-ignore format: two tokens
  const value = tf.tensor3d([[[1, 2], [3, 4]]]); // biome-ignore format: two tokens
  assert.deepEqual([...attend(tf, tf.tensor3d([[[0, 9]]]), key, value, 1).dataSync()], [3, 4]);
});
