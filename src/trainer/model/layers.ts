import { addBias } from '../engine/backend.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { normalizeGroups } from './groupNorm.ts';

/** Gives the tensor of a named parameter. */
export type Parameters = (name: string) => Tensor;

export interface Layers {
  /** k×k convolution with "same" padding; `w` [k,k,in,out], `b` [out]. */
  convolution(name: string, x: Tensor4D, stride?: 1 | 2): Tensor4D;
  /** x[B,in]·w[in,out] + b. */
  dense(name: string, x: Tensor): Tensor;
  /** GroupNorm (Wu & He 2018), then scale `g` and shift `s` per channel. */
  groupNorm(name: string, x: Tensor4D): Tensor4D;
  /** x·sigmoid(x). */
  silu<T extends Tensor>(x: T): T;
  /** Self-attention with one head over all pixels. */
  attention(name: string, x: Tensor4D): Tensor4D;
  upsample(x: Tensor4D): Tensor4D;
}

/** How a network normalizes: groups of channels, and what is added to their variance. */
export interface Norms {
  groups: number;
  epsilon: number;
}

const defaultNorms: Norms = { groups: 8, epsilon: 1e-5 };

/** A network's layers over given parameters. Values are float32 in NHWC. */
export function createLayers(
  tf: typeof TensorFlow,
  parameter: Parameters,
  { groups, epsilon }: Norms = defaultNorms,
): Layers {
  const convolution: Layers['convolution'] = (name, x, stride = 1) =>
    addBias(tf, tf.conv2d(x, parameter(`${name}.w`) as Tensor4D, stride, 'same'), parameter(`${name}.b`)) as Tensor4D;

  /** tfjs' own gradient of x·sigmoid(x) takes twice the passes; it is also written in terms of y, which the next layer keeps. */
  const silu = <T extends Tensor>(x: T): T =>
    tf.customGrad((value, save) => {
      const gate = tf.sigmoid(value as Tensor);
      const y = tf.mul(value as Tensor, gate);
      (save as (tensors: Tensor[]) => void)([y, gate]);
      return {
        value: y,
        gradFunc: (dy, saved) => {
          const [y, gate] = saved as [Tensor, Tensor];
          return tf.mul(dy, tf.add(gate, tf.mul(y, tf.sub(1, gate))));
        },
      };
    })(x) as T;

  const groupNorm: Layers['groupNorm'] = (name, x) =>
    normalizeGroups(tf, x, parameter(`${name}.g`), parameter(`${name}.s`), groups, epsilon);

  return {
    convolution,
    dense: (name, x) => tf.add(tf.matMul(x as never, parameter(`${name}.w`) as never), parameter(`${name}.b`)),
    groupNorm,
    silu,
    attention(name, x) {
      const [batch, height, width, channels] = x.shape;
      const projected = tf.reshape(convolution(`${name}.qkv`, groupNorm(`${name}.norm`, x)), [
        batch,
        height * width,
        3 * channels,
      ]);
      const [query, key, value] = tf.split(projected, 3, 2) as [Tensor, Tensor, Tensor];
      const weights = tf.softmax(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(channels)));
      const attended = tf.reshape(tf.matMul(weights, value), x.shape) as Tensor4D;
      return tf.add(x, convolution(`${name}.out`, attended));
    },
    upsample: (x) => tf.image.resizeNearestNeighbor(x, [x.shape[1] * 2, x.shape[2] * 2]),
  };
}
