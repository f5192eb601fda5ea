import type { Training } from '../../api/spec/training.ts';
import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';

/** What there is of each parameter in training: as many averages as training.ema has half-lives, the first being `average`. */
export type TrainingState<T> = { weights: T; firstMoment: T; secondMoment: T; average: T } & Record<string, T>;

/** Names of the averages, or of their decays, in the order of their half-lives. */
export const averageNames = ({ further }: Training['ema']): string[] =>
  [0, ...further].map((_, i) => (i === 0 ? 'average' : `average${i}`));
export const decayNames = ({ further }: Training['ema']): string[] =>
  [0, ...further].map((_, i) => (i === 0 ? 'decay' : `decay${i}`));

/** Names of a training's state, in the order in which a checkpoint has them. */
export const stateNames = (ema: Training['ema']): string[] => [
  'weights',
  'firstMoment',
  'secondMoment',
  ...averageNames(ema),
];

/** What changes from step to step, besides the decays; all scalars. */
const scalars = ['learningRate', 'correction1', 'correction2'] as const;
export const scalarNames = (ema: Training['ema']): string[] => [...scalars, ...decayNames(ema)];
export type StepScalars = Record<(typeof scalars)[number], Tensor> & Record<string, Tensor>;

/** How much gradients are to be scaled so that their global L2 norm is `limit` at most; undefined where the limit is 0. */
export function clipScale(tf: typeof TensorFlow, gradients: readonly Tensor[], limit: number): Tensor | undefined {
  if (limit === 0) return undefined;
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
  return tf.div(limit, tf.maximum(norm, limit));
}

/**
 * One step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019), then of the exponential moving averages.
 * The bias corrections 1/(1−β^t) come in as numbers, computed from the step alone: as running products they would not
 * be the same after a resume.
 */
export function optimize(
  tf: typeof TensorFlow,
  { optimizer, ema }: Pick<Training, 'optimizer' | 'ema'>,
  { weights, firstMoment, secondMoment, ...averages }: TrainingState<Tensor>,
  gradient: Tensor,
  { learningRate, correction1, correction2, ...decays }: StepScalars,
): TrainingState<Tensor> {
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const root = tf.sqrt(tf.mul(second, correction2));
  const direction = tf.div(tf.mul(first, correction1), tf.add(root, epsilon));
  // AdamW decays weights apart from the gradient; Adam does not decay them.
  const decayed = optimizer.name === 'AdamW' ? tf.add(direction, tf.mul(weights, weightDecay)) : direction;
  const next = tf.sub(weights, tf.mul(decayed, learningRate));
  const mean = (average: Tensor, decay: Tensor) => tf.add(tf.mul(average, decay), tf.mul(next, tf.sub(1, decay)));
  const names = decayNames(ema);
  const means = averageNames(ema).map(
    (name, i) => [name, mean(averages[name] as Tensor, decays[names[i] as string] as Tensor)] as const,
  );
  return {
    weights: next,
    firstMoment: first,
    secondMoment: second,
    ...Object.fromEntries(means),
  } as TrainingState<Tensor>;
}
