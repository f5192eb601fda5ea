import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { createDropout, noDropout } from '../../../../src/trainer/model/dropout.ts';

const tf = await loadTensorFlow(1);
const ones = tf.ones([2, 16, 16, 8]) as Tensor4D;
const seed = (a: number, b: number) => tf.tensor1d([a, b], 'int32');

test('what is dropped is 0, what stays grows by as much, at the rate that was asked for', () => {
  const values = createDropout(tf, 0.25, seed(3, -7))(0, ones).dataSync();
  const dropped = values.filter((value) => value === 0).length / values.length;
  assert.ok(Math.abs(dropped - 0.25) < 0.03, `${dropped}`);
  assert.ok(values.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
});

test('it is a function of seed and block alone', () => {
  const drop = (a: number, b: number, block: number) => [...createDropout(tf, 0.5, seed(a, b))(block, ones).dataSync()];
  assert.deepEqual(drop(1, 2, 3), drop(1, 2, 3));
  for (const other of [drop(1, 2, 4), drop(1, 3, 3), drop(2, 2, 3)]) assert.notDeepEqual(other, drop(1, 2, 3));
});

test('at a rate of 0 nothing is done', () => {
  assert.equal(createDropout(tf, 0, seed(1, 2)), noDropout);
  assert.equal(noDropout(0, ones), ones);
});
