import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { normalizeGroups } from '../../../../src/trainer/model/groupNorm.ts';

const tf = await loadTensorFlow(1);

test('each group of channels of a sample has mean 0 and deviation 1, then gain and shift of its channels', () => {
  const [batch, size, channels, groups] = [2, 4, 6, 3];
  const members = channels / groups;
  const x = tf.add(tf.mul(tf.randomNormal([batch, size, size, channels], 0, 1, 'float32', 1), 3), 5) as Tensor4D;
  const plain = normalizeGroups(tf, x, tf.ones([channels]), tf.zeros([channels]), groups);
  const perGroup = tf.transpose(tf.reshape(plain, [batch, size * size, groups, members]), [0, 2, 1, 3]);
  const { mean, variance } = tf.moments(perGroup, [2, 3]);
  assert.ok(mean.dataSync().every((value) => Math.abs(value) < 1e-4));
  assert.ok(variance.dataSync().every((value) => Math.abs(value - 1) < 1e-3));
  const [gain, shift] = [tf.range(1, 7), tf.range(10, 16)];
  const expected = tf.add(tf.mul(plain, gain), shift);
  const difference = tf.max(tf.abs(tf.sub(normalizeGroups(tf, x, gain, shift, groups), expected)));
  assert.ok((difference.dataSync()[0] as number) < 1e-4);
});
