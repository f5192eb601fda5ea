import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';

/** [B, N, C] → [B, heads, N, C/heads] */
function splitHeads(tf: typeof TensorFlow, tokens: Tensor, heads: number): Tensor {
  const [batch, length, channels] = tokens.shape as [number, number, number];
  return tf.transpose(tf.reshape(tokens, [batch, length, heads, channels / heads]), [0, 2, 1, 3]);
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017), each head over channels of its own, one after the other.
 * @param query [B, N, C]
 * @param key [B, M, C], and value
 * @param heads divides C
 * @returns [B, N, C]
 */
export function attend(tf: typeof TensorFlow, query: Tensor, key: Tensor, value: Tensor, heads: number): Tensor {
  const channels = query.shape[2] as number;
  const scale = 1 / Math.sqrt(channels / heads);
  const over = (q: Tensor, k: Tensor, v: Tensor) =>
    tf.matMul(tf.softmax(tf.mul(tf.matMul(q, k, false, true), scale)), v);
  if (heads === 1) return over(query, key, value);
  const split = (tokens: Tensor) => splitHeads(tf, tokens, heads);
  const attended = over(split(query), split(key), split(value));
  return tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), query.shape);
}
