import { gatherRows, statelessUniform } from '../engine/backend.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';

/** Sets a part of the activations [B, H, W, C] of the index-th residual block to 0. */
export type Dropout = (index: number, h: Tensor4D) => Tensor4D;

/** While sampling, nothing is dropped. */
export const noDropout: Dropout = (_index, h) => h;

/**
 * Dropout (Srivastava et al. 2014): activations are dropped at `rate`, and those that stay grow by as much. What is dropped
 * is a function of the seed and the block alone.
 * @param rate in [0, 1)
 * @param seed int32[2] of the step
 * @param rows of h in a batch of `batchSize`, int32[B]; all of it where left out. What is dropped of a sample does not
 *   depend on which others are computed with it.
 */
export function createDropout(
  tf: typeof TensorFlow,
  rate: number,
  seed: Tensor,
  batchSize?: number,
  rows?: Tensor,
): Dropout {
  if (rate === 0) return noDropout;
  return (index, h) => {
    // The seed itself is that of the noise.
    const own = tf.add(seed, tf.tensor1d([0, index + 1], 'int32'));
    const [samples, ...shape] = h.shape;
    const ofBatch = statelessUniform(tf, [batchSize ?? samples, ...shape], own);
    const chance = rows === undefined ? ofBatch : gatherRows(tf, ofBatch, rows);
    const kept = tf.cast(tf.greaterEqual(chance, rate), 'float32');
    return tf.mul(h, tf.mul(kept, 1 / (1 - rate)));
  };
}
