import { join } from 'node:path';
import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import type { Network, Weights } from './network.ts';

/** Those that come with the trainer: of digits, and of the clothes of Fashion-MNIST. */
export type GreyClassifier = 'mnist-classifier' | 'fashion-mnist-classifier';

/** Where a classifier's weights are; scripts/train-classifier.ts makes them. */
export const classifierPath = (name: GreyClassifier): string => join(import.meta.dirname, `${name}.safetensors`);

/** Parameters by name, in their order. */
export const classifierShapes: Record<string, number[]> = {
  'conv1.w': [3, 3, 1, 16],
  'conv1.b': [16],
  'conv2.w': [3, 3, 16, 32],
  'conv2.b': [32],
  'conv3.w': [3, 3, 32, 32],
  'conv3.b': [32],
  'dense1.w': [7 * 7 * 32, 64],
  'dense1.b': [64],
  'dense2.w': [64, 10],
  'dense2.b': [10],
};

/**
 * A small classifier of grey pictures, 28×28 after resizing.
 * @param images [n, h, w, 1], values 0 … 255
 * @returns 64 features per image, and the logits of ten classes
 */
export function classify(
  tf: typeof TensorFlow,
  weight: (name: string) => Tensor,
  images: Tensor4D,
): { features: Tensor; logits: Tensor } {
  const resized = images.shape[1] === 28 ? images : tf.image.resizeBilinear(images, [28, 28], false, true);
  const convolution = (name: string, x: Tensor4D, stride: 1 | 2) =>
    tf.relu(tf.add(tf.conv2d(x, weight(`${name}.w`) as Tensor4D, stride, 'same'), weight(`${name}.b`))) as Tensor4D;
  const dense = (name: string, x: Tensor) => tf.add(tf.matMul(x, weight(`${name}.w`)), weight(`${name}.b`));
  const x = tf.div(resized, 255) as Tensor4D;
  const last = convolution('conv3', convolution('conv2', convolution('conv1', x, 1), 2), 2);
  const features = tf.relu(dense('dense1', tf.reshape(last, [-1, 7 * 7 * 32])));
  return { features, logits: dense('dense2', features) };
}

export function greyClassifier(tf: typeof TensorFlow, load: Weights): Network {
  const weights = new Map(Object.entries(classifierShapes).map(([name, shape]) => [name, load(name, shape)]));
  const weight = (name: string) => weights.get(name) as Tensor;
  return {
    dimensions: 64,
    batchSize: 250,
    features: (images) => classify(tf, weight, images).features,
    classifier: { classes: 10, seen: (images) => tf.argMax(classify(tf, weight, images).logits, 1) },
  };
}
