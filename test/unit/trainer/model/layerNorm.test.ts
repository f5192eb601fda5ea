import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { normalizeRows } from '../../../../src/trainer/model/layerNorm.ts';

const tf = await loadTensorFlow(1);

/** The same by tfjs' own ops, whose gradient is tfjs'. */
function composed(x: Tensor, gain: Tensor, shift: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, 1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), gain), shift);
}

test('every row has mean 0 and deviation 1, then gain and shift; and so are the gradients', () => {
  const x = tf.add(tf.mul(tf.randomNormal([7, 6], 0, 1, 'float32', 1), 3), 5);
  const [gain, shift] = [tf.range(1, 7), tf.range(10, 16)];
  const weights = tf.randomNormal([7, 6], 0, 1, 'float32', 2);
  const results = [composed, (...args: [Tensor, Tensor, Tensor]) => normalizeRows(tf, ...args)].map((norm) =>
    tf.valueAndGrads((...args) => tf.sum(tf.mul(norm(...(args as [Tensor, Tensor, Tensor])), weights)))([
      x,
      gain,
      shift,
    ]),
  );
  const [expected, actual] = results.map(({ value, grads }) => [value, ...grads]) as [Tensor[], Tensor[]];
  for (const [i, each] of expected.entries()) {
    const difference = tf.max(tf.abs(tf.sub(each, actual[i] as Tensor))).dataSync()[0] as number;
    assert.ok(difference < 1e-4, `${i} is off by ${difference}`);
  }
});
