import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import {
  type Blocks,
  type ConvolutionShape,
  convolutionShapes,
  inceptionStructure,
  type Stage,
} from './inceptionStructure.ts';
import type { Network, Weights } from './network.ts';

type Layer = (x: Tensor4D) => Tensor4D;

const batchNormEpsilon = 1e-3;

/**
 * The network of the Fréchet Inception distance: InceptionV3 as it was released in TensorFlow in 2015, in the structure and
 * with the names that pytorch-fid gives its weights. It differs from torchvision's in that average pooling leaves padding
 * out of its mean, and in that the last block pools by maximum.
 * @param narrowing divides the channels of every layer, so that tests can run the same structure small; 1 is the real one
 */
export function inceptionV3(tf: typeof TensorFlow, load: Weights, narrowing = 1): Network {
  const stages = inceptionStages(tf, load, narrowing);
  return {
    dimensions: 2048 / narrowing,
    batchSize: 25,
    features: (images) =>
      tf.mean(
        stages.reduce((x, { layer }) => layer(x), prepareImages(tf, images)),
        [1, 2],
      ),
  };
}

/** Resizes to 299×299 (bilinear, half-pixel centres), maps 0 … 255 to −1 … 1, and repeats grey to RGB. */
export function prepareImages(tf: typeof TensorFlow, images: Tensor4D): Tensor4D {
  const colour = (images.shape[3] === 1 ? tf.tile(images, [1, 1, 1, 3]) : images) as Tensor4D;
  const resized = tf.image.resizeBilinear(colour, [299, 299], false, true);
  return tf.sub(tf.mul(tf.div(resized, 255), 2), 1);
}

/** The network's stages as layers of TensorFlow. All weights are loaded at once. */
export const inceptionStages = (tf: typeof TensorFlow, load: Weights, narrowing: number): Stage<Layer>[] =>
  inceptionStructure(layersOf(tf, load, narrowing));

function layersOf(tf: typeof TensorFlow, load: Weights, narrowing: number): Blocks<Layer> {
  const narrowed = (channels: number) => (channels === 3 ? 3 : channels / narrowing); // an image stays RGB

  /** Batch norm's running statistics are folded into the weights. */
  const convolution = (name: string, ...wide: ConvolutionShape): Layer => {
    const [from, to, kernel, stride = 1, padding = 'same'] = wide;
    const shapes = convolutionShapes([narrowed(from), narrowed(to), kernel]);
    const part = (of: keyof typeof shapes) => load(`${name}.${of}`, shapes[of]);
    const [filter, bias] = tf.tidy(() => {
      const scale = tf.div(part('bn.weight'), tf.sqrt(tf.add(part('bn.running_var'), batchNormEpsilon)));
      const weights = tf.transpose(part('conv.weight'), [2, 3, 1, 0]); // OIHW → HWIO
      return [tf.mul(weights, scale) as Tensor4D, tf.sub(part('bn.bias'), tf.mul(part('bn.running_mean'), scale))] as [
        Tensor4D,
        Tensor,
      ];
    });
    return (x) => tf.relu(tf.add(tf.conv2d(x, filter, stride, padding), bias));
  };
  return {
    convolution,
    chain:
      (...layers) =>
      (x) =>
        layers.reduce((h, layer) => layer(h), x),
    concatenated:
      (...layers) =>
      (x) =>
        tf.concat(
          layers.map((layer) => layer(x)),
          3,
        ),
    maximum: (x) => tf.maxPool(x, 3, 2, 'valid'),
    maximumSame: (x) => tf.maxPool(x, 3, 1, 'same'),
    average: (x) => tf.avgPool(x, 3, 1, 'same'), // TensorFlow's mean leaves padding out
  };
}
