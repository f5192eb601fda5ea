import { addBias } from '../engine/backend.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { attend } from './attend.ts';
import { normalizeGroups } from './groupNorm.ts';
import { normalizeRows } from './layerNorm.ts';
import type { Parameters } from './layers.ts';

/** Of the norm before a transformer, whatever the network's others have: so do those whose weights people have. */
const epsilon = 1e-6;

/**
 * value · GELU(gate) (Shazeer 2020; Hendrycks & Gimpel 2016, by the error function). Its gradient computes the error function
 * anew: kept, what it is made of would take twice the memory.
 */
function gated(tf: typeof TensorFlow, value: Tensor, gate: Tensor): Tensor {
  const below = (x: Tensor) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5); // of a standard normal
  return tf.customGrad((...args) => {
    const [value, gate, save] = args as unknown as [Tensor, Tensor, (tensors: Tensor[]) => void];
    save([value, gate]);
    return {
      value: tf.mul(value, tf.mul(gate, below(gate))),
      gradFunc: (dy, saved) => {
        const [value, gate] = saved as [Tensor, Tensor];
        const probability = below(gate);
        const density = tf.mul(tf.exp(tf.mul(tf.square(gate), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        const slope = tf.add(probability, tf.mul(gate, density));
        return [tf.mul(dy, tf.mul(gate, probability)), tf.mul(tf.mul(dy, value), slope)];
      },
    };
  })(value, gate);
}

export interface Transformer {
  name: string;
  heads: number;
  depth: number;
  /** Groups of the norm before it. */
  groups: number;
}

/**
 * The transformer of latent diffusion (Rombach et al. 2022), added to x: per block self-attention over the pixels,
 * cross-attention to the context, and a feed-forward gated by GELU (Shazeer 2020), each after a LayerNorm.
 * @param x [B, H, W, C]
 * @param context [B, tokens, width]; without one there is no cross-attention
 */
export function transform(
  tf: typeof TensorFlow,
  parameter: Parameters,
  { name, heads, depth, groups }: Transformer,
  x: Tensor4D,
  context: Tensor | undefined,
): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = (tokens: Tensor) => tf.reshape(tokens, [-1, tokens.shape.at(-1) as number]);
  const tokens = (rows: Tensor) => tf.reshape(rows, [batch, -1, rows.shape[1] as number]);
  const product = (layer: string, h: Tensor) => {
    const weight = parameter(`${layer}.w`);
    return tf.matMul(h as never, tf.reshape(weight, weight.shape.slice(-2)) as never); // a 1×1 kernel is a matrix
  };
  const dense = (layer: string, h: Tensor) => addBias(tf, product(layer, h), parameter(`${layer}.b`));
  const norm = (layer: string, h: Tensor) => normalizeRows(tf, h, parameter(`${layer}.g`), parameter(`${layer}.s`));

  const selfAttention = (layer: string, h: Tensor) => {
    const [query, key, value] = tf.split(tokens(product(`${layer}.qkv`, norm(`${layer}.norm`, h))), 3, 2);
    return dense(`${layer}.out`, rows(attend(tf, query as Tensor, key as Tensor, value as Tensor, heads)));
  };
  const crossAttention = (layer: string, h: Tensor, context: Tensor) => {
    const query = tokens(product(`${layer}.q`, norm(`${layer}.norm`, h)));
    const [key, value] = tf.split(tokens(product(`${layer}.kv`, rows(context))), 2, 2);
    return dense(`${layer}.out`, rows(attend(tf, query, key as Tensor, value as Tensor, heads)));
  };
  const feedForward = (layer: string, h: Tensor) => {
    const [value, gate] = tf.split(dense(`${layer}.in`, norm(`${layer}.norm`, h)), 2, 1);
    return dense(`${layer}.out`, gated(tf, value as Tensor, gate as Tensor));
  };

  const normal = normalizeGroups(tf, x, parameter(`${name}.norm.g`), parameter(`${name}.norm.s`), groups, epsilon);
  let h: Tensor = dense(`${name}.in`, tf.reshape(normal, [batch * height * width, channels]));
  for (let block = 0; block < depth; block++) {
    const layer = `${name}.${block}`;
    h = tf.add(h, selfAttention(`${layer}.self`, h));
    if (context !== undefined) h = tf.add(h, crossAttention(`${layer}.cross`, h, context));
    h = tf.add(h, feedForward(`${layer}.feed`, h));
  }
  return tf.add(x, tf.reshape(dense(`${name}.out`, h), x.shape));
}
