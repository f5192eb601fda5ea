import { scoped } from '../../engine/program.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import { createLayers, type Layers, type Parameters } from '../layers.ts';
import type { AutoencoderConfig } from './config.ts';
import type { Stage } from './structure.ts';

/** What diffusers adds to the variance in every norm of an autoencoder. */
const epsilon = 1e-6;

/** Self-attention with one head over all pixels. */
function attend(tf: typeof TensorFlow, { convolution, groupNorm }: Layers, name: string, x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const normed = groupNorm(`${name}.group_norm`, x);
  const rows = (projection: string): Tensor =>
    tf.reshape(convolution(`${name}.${projection}`, normed), [batch, height * width, channels]);
  const weights = tf.softmax(tf.mul(tf.matMul(rows('to_q'), rows('to_k'), false, true), 1 / Math.sqrt(channels)));
  const attended = tf.reshape(tf.matMul(weights, rows('to_v')), x.shape) as Tensor4D;
  return tf.add(x, convolution(`${name}.to_out.0`, attended));
}

function apply(tf: typeof TensorFlow, layers: Layers, stage: Stage, x: Tensor4D): Tensor4D {
  const { convolution, groupNorm, silu, upsample } = layers;
  const { name } = stage;
  switch (stage.kind) {
    case 'convolution':
      return convolution(name, x);
    case 'down': // "same" pads an even size at its end only, as diffusers does here
      return convolution(name, x, 2);
    case 'up':
      return convolution(name, upsample(x));
    case 'norm':
      return silu(groupNorm(name, x));
    case 'attention':
      return attend(tf, layers, name, x);
    case 'residual': {
      const inner = convolution(`${name}.conv1`, silu(groupNorm(`${name}.norm1`, x)));
      const h = convolution(`${name}.conv2`, silu(groupNorm(`${name}.norm2`, inner)));
      return tf.add(stage.from === stage.to ? x : convolution(`${name}.conv_shortcut`, x), h);
    }
  }
}

/**
 * Takes x through stages. What a stage makes on the way is freed at its end: at the size of pictures it is large.
 * @param x [B, H, W, C]: pictures in [−1, 1] for an encoder, latents as the autoencoder has them for a decoder
 * @returns mean and log-variance [B, h, w, 2c], or pictures [B, H, W, C]
 */
export function runStages(
  tf: typeof TensorFlow,
  { norm_num_groups: groups }: Pick<AutoencoderConfig, 'norm_num_groups'>,
  stages: readonly Stage[],
  parameter: Parameters,
  x: Tensor4D,
): Tensor4D {
  const layers = createLayers(tf, parameter, { groups, epsilon });
  return stages.reduce((h, stage) => scoped(tf, () => apply(tf, layers, stage, h)), x);
}
