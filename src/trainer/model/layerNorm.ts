import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';

const epsilon = 1e-5;

/**
 * LayerNorm (Ba et al. 2016) of every row, with its gradient written out, as that of the groups' is.
 * @param x [rows, C]
 * @param gain [C]
 * @param shift [C]
 */
export function normalizeRows(tf: typeof TensorFlow, x: Tensor, gain: Tensor, shift: Tensor): Tensor {
  const gradient = (dy: Tensor, saved: Tensor[]): Tensor[] => {
    const [normal, inverse, gain] = saved as [Tensor, Tensor, Tensor];
    const d = tf.mul(dy, gain);
    const along = tf.mul(normal, tf.mean(tf.mul(d, normal), 1, true));
    const dx = tf.mul(inverse, tf.sub(tf.sub(d, tf.mean(d, 1, true)), along));
    return [dx, tf.sum(tf.mul(dy, normal), 0), tf.sum(dy, 0)];
  };
  return tf.customGrad((...args) => {
    const [rows, gain, shift, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const centred = tf.sub(rows, tf.mean(rows, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
    const normal = tf.mul(centred, inverse);
    save([normal, inverse, gain]);
    return { value: tf.add(tf.mul(normal, gain), shift), gradFunc: gradient as never };
  })(x, gain, shift);
}
