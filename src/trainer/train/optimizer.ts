import type { Training } from '../../api/spec/training.ts';
import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';

/**
 * Vectors of a model in training, each as long as all its parameters together: the optimizer and the average then are a
 * few ops, however many parameters there are.
 */
export const stateNames = ['weights', 'firstMoment', 'secondMoment', 'average'] as const;
export type TrainingState<T> = Record<(typeof stateNames)[number], T>;

/** What changes from step to step; all scalars. */
export const scalarNames = ['learningRate', 'decay', 'correction1', 'correction2'] as const;
export type StepScalars = Record<(typeof scalarNames)[number], Tensor>;

/** The state that training begins with. */
export function initialState(weights: Float32Array): TrainingState<Float32Array> {
  const zeros = new Float32Array(weights.length);
  return { weights, firstMoment: zeros, secondMoment: zeros, average: weights };
}

/** Scales a gradient down to a global L2 norm of `limit`; 0 leaves it as it is. */
function clip(tf: typeof TensorFlow, gradient: Tensor, limit: number): Tensor {
  if (limit === 0) return gradient;
  const norm = tf.sqrt(tf.sum(tf.square(gradient)));
  return tf.mul(gradient, tf.div(limit, tf.maximum(norm, limit)));
}

/**
 * One step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019), then of the exponential moving average.
 * The bias corrections 1/(1−β^t) come in as numbers, computed from the step alone: as running products they would not
 * be the same after a resume.
 */
export function optimize(
  tf: typeof TensorFlow,
  { optimizer, gradientClipNorm }: Pick<Training, 'optimizer' | 'gradientClipNorm'>,
  { weights, firstMoment, secondMoment, average }: TrainingState<Tensor>,
  gradient: Tensor,
  { learningRate, decay, correction1, correction2 }: StepScalars,
): TrainingState<Tensor> {
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const clipped = clip(tf, gradient, gradientClipNorm);
  const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(clipped, 1 - beta1));
  const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(clipped), 1 - beta2));
  const root = tf.sqrt(tf.mul(second, correction2));
  const direction = tf.div(tf.mul(first, correction1), tf.add(root, epsilon));
  // AdamW decays weights apart from the gradient; Adam does not decay them.
  const decayed = optimizer.name === 'AdamW' ? tf.add(direction, tf.mul(weights, weightDecay)) : direction;
  const next = tf.sub(weights, tf.mul(decayed, learningRate));
  return {
    weights: next,
    firstMoment: first,
    secondMoment: second,
    average: tf.add(tf.mul(average, decay), tf.mul(next, tf.sub(1, decay))),
  };
}
