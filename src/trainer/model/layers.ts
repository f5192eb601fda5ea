import { addBias } from '../engine/backend.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';

/** Gives the tensor of a named parameter. */
export type Parameters = (name: string) => Tensor;

export interface Layers {
  /** k×k convolution with "same" padding; `w` [k,k,in,out], `b` [out]. */
  convolution(name: string, x: Tensor4D, stride?: 1 | 2): Tensor4D;
  /** x[B,in]·w[in,out] + b. */
  dense(name: string, x: Tensor): Tensor;
  /** GroupNorm (Wu & He 2018) with 8 groups, then scale `g` and shift `s` per channel. */
  groupNorm(name: string, x: Tensor4D): Tensor4D;
  /** x·sigmoid(x). */
  silu<T extends Tensor>(x: T): T;
  /** Self-attention with one head over all pixels. */
  attention(name: string, x: Tensor4D): Tensor4D;
  upsample(x: Tensor4D): Tensor4D;
}

export const groups = 8;
const epsilon = 1e-5;

/** The U-Net's layers over given parameters. Values are float32 in NHWC. */
export function createLayers(tf: typeof TensorFlow, parameter: Parameters): Layers {
  const convolution: Layers['convolution'] = (name, x, stride = 1) =>
    addBias(tf, tf.conv2d(x, parameter(`${name}.w`) as Tensor4D, stride, 'same'), parameter(`${name}.b`)) as Tensor4D;

  /** tfjs' own gradient of x·sigmoid(x) runs over the tensor twice as often. */
  const silu = <T extends Tensor>(x: T): T =>
    tf.customGrad((value, save) => {
      const x = value as Tensor;
      const gate = tf.sigmoid(x);
      (save as (tensors: Tensor[]) => void)([x, gate]);
      return {
        value: tf.mul(x, gate),
        gradFunc: (dy, saved) => {
          const [x, gate] = saved as [Tensor, Tensor];
          return tf.mul(dy, tf.mul(gate, tf.add(1, tf.mul(x, tf.sub(1, gate)))));
        },
      };
    })(x) as T;

  /** 1 where two channels belong to the same group: summing over groups becomes a small matrix product. */
  const groupMatrix = (channels: number) => {
    const perGroup = channels / groups;
    return tf.tensor2d(
      Float32Array.from({ length: channels * channels }, (_, i) =>
        Math.floor(i / channels / perGroup) === Math.floor((i % channels) / perGroup) ? 1 : 0,
      ),
      [channels, channels],
    );
  };

  /**
   * GroupNorm in few passes over the tensor: sums over pixels are products with a vector of ones, and the result is one
   * scale and one shift per channel. The gradient is written out for the same reason.
   */
  const groupNorm: Layers['groupNorm'] = (name, input) => {
    const [batch, height, width, channels] = input.shape;
    const pixels = height * width;
    const count = (pixels * channels) / groups;
    const sumsWith = (ones: Tensor, matrix: Tensor) => ({
      overPixels: (x: Tensor) => tf.reshape(tf.matMul(ones, x), [batch, channels]),
      overGroup: (x: Tensor) => tf.matMul(x, matrix),
    });
    const perPixel = (x: Tensor) => tf.reshape(x, [batch, 1, channels]);
    return tf.customGrad((...args) => {
      const [x, gain, shift, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
      const [ones, matrix] = [tf.ones([1, 1, pixels]), groupMatrix(channels)];
      const { overPixels, overGroup } = sumsWith(ones, matrix);
      const rows = tf.reshape(x, [batch, pixels, channels]);
      const mean = tf.div(overGroup(overPixels(rows)), count);
      const variance = tf.sub(tf.div(overGroup(overPixels(tf.mul(rows, rows))), count), tf.mul(mean, mean));
      const inverse = tf.rsqrt(tf.add(tf.relu(variance), epsilon)); // rounding can take a tiny variance below 0
      const scale = tf.mul(inverse, gain);
      const offset = tf.sub(shift, tf.mul(mean, scale));
      save([rows, gain, mean, inverse, scale, ones, matrix]); // all that the gradient uses: the rest is disposed
      const value = tf.reshape(tf.add(tf.mul(rows, perPixel(scale)), perPixel(offset)), input.shape);
      const gradFunc = (dy: Tensor, saved: Tensor[]) => {
        const [rows, gain, mean, inverse, scale, ones, matrix] = saved as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
        ];
        const { overPixels, overGroup } = sumsWith(ones, matrix);
        const d = tf.reshape(dy, [batch, pixels, channels]);
        const dShift = overPixels(d);
        const dScale = tf.sub(overPixels(tf.mul(d, rows)), tf.mul(mean, dShift));
        const dInverse = overGroup(tf.mul(dScale, gain));
        const dMean = tf.neg(tf.mul(inverse, overGroup(tf.mul(dShift, gain))));
        const dVariance = tf.mul(tf.mul(dInverse, -0.5), tf.mul(inverse, tf.mul(inverse, inverse)));
        const slope = tf.mul(dVariance, 2 / count);
        const constant = tf.sub(tf.div(dMean, count), tf.mul(slope, mean));
        const dx = tf.add(tf.add(tf.mul(d, perPixel(scale)), tf.mul(rows, perPixel(slope))), perPixel(constant));
        return [tf.reshape(dx, input.shape), tf.sum(tf.mul(dScale, inverse), 0), tf.sum(dShift, 0)];
      };
      return { value, gradFunc: gradFunc as never };
    })(input, parameter(`${name}.g`), parameter(`${name}.s`)) as Tensor4D;
  };

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
