import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBias, gatherRows, statelessNormal, uploadFloats } from '../../../../src/trainer/engine/backend.ts';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';

const tf = await loadTensorFlow(1);
const normal = (a: number, b: number) =>
  statelessNormal(tf, [1000], tf.tensor1d([a, b], 'int32')).dataSync<'float32'>();

test('random numbers are a function of the seed pair alone, and standard normal', () => {
  const numbers = normal(1, 2);
  assert.deepEqual(normal(1, 2), numbers);
  assert.notDeepEqual(normal(1, 3), numbers);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / 1000;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1000;
  assert.ok(Math.abs(mean) < 0.15 && Math.abs(variance - 1) < 0.2, `${mean}, ${variance}`);
});

test('rows are taken by their indices', () => {
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  assert.deepEqual(gatherRows(tf, x, tf.tensor1d([2, 0], 'int32')).arraySync(), [
    [5, 6],
    [1, 2],
  ]);
});

test('uploaded floats are a copy', () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const tensor = uploadFloats(tf, [2, 2], values);
  values.fill(0);
  assert.deepEqual(tensor.arraySync(), [
    [1, 2],
    [3, 4],
  ]);
});

test('a bias is added along the last axis, and its gradient is the sum over the others', () => {
  const x = tf.zeros([2, 3, 3, 2]);
  const weigh = (sum: Tensor) => tf.sum(tf.mul(sum, tf.tensor1d([1, 10])));
  const { value, grad } = tf.valueAndGrad((bias) => weigh(addBias(tf, x, bias as Tensor)))(tf.tensor1d([1, 2]));
  assert.deepEqual([value.dataSync()[0], [...grad.dataSync()]], [18 * 21, [18, 180]]);
});
