import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { createLayers } from '../../../../src/trainer/model/layers.ts';

const tf = await loadTensorFlow(1);
const layersOf = (parameters: Record<string, Tensor>) =>
  createLayers(tf, (name) => parameters[name] ?? assert.fail(`asked for ${name}`));

test('SiLU is x·sigmoid(x), and so is its gradient', () => {
  const { silu } = layersOf({});
  const values = [-3, -0.5, 0, 0.5, 3];
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const gradient = tf
    .grad((x) => tf.sum(silu(x as Tensor)))(tf.tensor1d(values))
    .dataSync();
  const output = silu(tf.tensor1d(values)).dataSync();
  for (const [i, x] of values.entries()) {
    assert.ok(Math.abs((output[i] as number) - x * sigmoid(x)) < 1e-6);
    assert.ok(Math.abs((gradient[i] as number) - sigmoid(x) * (1 + x * (1 - sigmoid(x)))) < 1e-6);
  }
});

test('a convolution halves the image with stride 2, and upsampling doubles it', () => {
  const { convolution, upsample } = layersOf({ 'a.w': tf.ones([1, 1, 1, 1]), 'a.b': tf.tensor1d([0.5]) });
  const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
  assert.deepEqual([...convolution('a', x).dataSync()], [1.5, 2.5, 3.5, 4.5]);
  assert.deepEqual(convolution('a', x, 2).shape, [1, 1, 1, 1]);
  const rows = upsample(x).squeeze().arraySync();
  assert.deepEqual(rows, [
    [1, 1, 2, 2],
    [1, 1, 2, 2],
    [3, 3, 4, 4],
    [3, 3, 4, 4],
  ]);
});

test('a dense layer is x·w + b', () => {
  const { dense } = layersOf({
    'd.w': tf.tensor2d([
      [1, 2],
      [3, 4],
    ]),
    'd.b': tf.tensor1d([10, 20]),
  });
  assert.deepEqual([...dense('d', tf.tensor2d([[1, 1]])).dataSync()], [14, 26]);
});

test('attention whose last projection is 0 changes nothing', () => {
  const { attention } = layersOf({
    'a.norm.g': tf.ones([8]),
    'a.norm.s': tf.zeros([8]),
    'a.qkv.w': tf.randomNormal([1, 1, 8, 24], 0, 1, 'float32', 1),
    'a.qkv.b': tf.zeros([24]),
    'a.out.w': tf.zeros([1, 1, 8, 8]),
    'a.out.b': tf.zeros([8]),
  });
  const x = tf.randomNormal([2, 2, 2, 8], 0, 1, 'float32', 2) as Tensor4D;
  assert.deepEqual(attention('a', x).dataSync(), x.dataSync());
});
