import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import type { Network, Weights } from './network.ts';

type Layer = (x: Tensor4D) => Tensor4D;
/** Channels in and out, kernel (height and width), stride, padding. */
type ConvolutionShape = [
  from: number,
  to: number,
  kernel: number | [number, number],
  stride?: 1 | 2,
  padding?: 'same' | 'valid',
];

const batchNormEpsilon = 1e-3;

/** A part of the network, under the name that pytorch-fid gives it. */
export interface Stage {
  name: string;
  layer: Layer;
}

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

/** Everything between the images and the last pooling: [n,299,299,3] → [n,8,8,2048]. All weights are loaded at once. */
export function inceptionStages(tf: typeof TensorFlow, load: Weights, narrowing: number): Stage[] {
  const blocks = buildingBlocks(tf, load, narrowing);
  const { maximum, inceptionA, inceptionB, inceptionC, inceptionD, inceptionE } = blocks;
  const convolution = (name: string, ...shape: ConvolutionShape): Stage => ({
    name,
    layer: blocks.convolution(name, ...shape),
  });
  return [
    convolution('Conv2d_1a_3x3', 3, 32, 3, 2, 'valid'),
    convolution('Conv2d_2a_3x3', 32, 32, 3, 1, 'valid'),
    convolution('Conv2d_2b_3x3', 32, 64, 3),
    { name: 'maxpool1', layer: maximum },
    convolution('Conv2d_3b_1x1', 64, 80, 1),
    convolution('Conv2d_4a_3x3', 80, 192, 3, 1, 'valid'),
    { name: 'maxpool2', layer: maximum },
    inceptionA('Mixed_5b', 192, 32),
    inceptionA('Mixed_5c', 256, 64),
    inceptionA('Mixed_5d', 288, 64),
    inceptionB('Mixed_6a', 288),
    inceptionC('Mixed_6b', 128),
    inceptionC('Mixed_6c', 160),
    inceptionC('Mixed_6d', 160),
    inceptionC('Mixed_6e', 192),
    inceptionD('Mixed_7a', 768),
    inceptionE('Mixed_7b', 1280, 'average'),
    inceptionE('Mixed_7c', 2048, 'maximum'),
  ];
}

function buildingBlocks(tf: typeof TensorFlow, load: Weights, narrowing: number) {
  const narrowed = (channels: number) => (channels === 3 ? 3 : channels / narrowing); // an image stays RGB

  /** Convolution without bias, batch norm with its running statistics folded in, ReLU. */
  const convolution = (
    name: string,
    ...[wideFrom, wideTo, kernel, stride = 1, padding = 'same']: ConvolutionShape
  ): Layer => {
    const [from, to] = [narrowed(wideFrom), narrowed(wideTo)];
    const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const [filter, bias] = tf.tidy(() => {
      const statistic = (part: string) => load(`${name}.bn.${part}`, [to]);
      const scale = tf.div(statistic('weight'), tf.sqrt(tf.add(statistic('running_var'), batchNormEpsilon)));
      const weights = tf.transpose(load(`${name}.conv.weight`, [to, from, height, width]), [2, 3, 1, 0]); // OIHW → HWIO
      return [
        tf.mul(weights, scale) as Tensor4D,
        tf.sub(statistic('bias'), tf.mul(statistic('running_mean'), scale)),
      ] as [Tensor4D, Tensor];
    });
    return (x) => tf.relu(tf.add(tf.conv2d(x, filter, stride, padding), bias));
  };
  const chain =
    (...layers: Layer[]): Layer =>
    (x) =>
      layers.reduce((h, layer) => layer(h), x);
  const concatenated =
    (...layers: Layer[]): Layer =>
    (x) =>
      tf.concat(
        layers.map((layer) => layer(x)),
        3,
      );
  const branches = (name: string, ...layers: Layer[]): Stage => ({ name, layer: concatenated(...layers) });
  const maximum: Layer = (x) => tf.maxPool(x, 3, 2, 'valid');
  const average: Layer = (x) => tf.avgPool(x, 3, 1, 'same'); // TensorFlow's mean leaves padding out
  const maximumSame: Layer = (x) => tf.maxPool(x, 3, 1, 'same');

  return {
    convolution,
    maximum,
    inceptionA: (name: string, from: number, pooled: number): Stage =>
      branches(
        name,
        convolution(`${name}.branch1x1`, from, 64, 1),
        chain(convolution(`${name}.branch5x5_1`, from, 48, 1), convolution(`${name}.branch5x5_2`, 48, 64, 5)),
        chain(
          convolution(`${name}.branch3x3dbl_1`, from, 64, 1),
          convolution(`${name}.branch3x3dbl_2`, 64, 96, 3),
          convolution(`${name}.branch3x3dbl_3`, 96, 96, 3),
        ),
        chain(average, convolution(`${name}.branch_pool`, from, pooled, 1)),
      ),
    inceptionB: (name: string, from: number): Stage =>
      branches(
        name,
        convolution(`${name}.branch3x3`, from, 384, 3, 2, 'valid'),
        chain(
          convolution(`${name}.branch3x3dbl_1`, from, 64, 1),
          convolution(`${name}.branch3x3dbl_2`, 64, 96, 3),
          convolution(`${name}.branch3x3dbl_3`, 96, 96, 3, 2, 'valid'),
        ),
        maximum,
      ),
    inceptionC: (name: string, inner: number): Stage =>
      branches(
        name,
        convolution(`${name}.branch1x1`, 768, 192, 1),
        chain(
          convolution(`${name}.branch7x7_1`, 768, inner, 1),
          convolution(`${name}.branch7x7_2`, inner, inner, [1, 7]),
          convolution(`${name}.branch7x7_3`, inner, 192, [7, 1]),
        ),
        chain(
          convolution(`${name}.branch7x7dbl_1`, 768, inner, 1),
          convolution(`${name}.branch7x7dbl_2`, inner, inner, [7, 1]),
          convolution(`${name}.branch7x7dbl_3`, inner, inner, [1, 7]),
          convolution(`${name}.branch7x7dbl_4`, inner, inner, [7, 1]),
          convolution(`${name}.branch7x7dbl_5`, inner, 192, [1, 7]),
        ),
        chain(average, convolution(`${name}.branch_pool`, 768, 192, 1)),
      ),
    inceptionD: (name: string, from: number): Stage =>
      branches(
        name,
        chain(
          convolution(`${name}.branch3x3_1`, from, 192, 1),
          convolution(`${name}.branch3x3_2`, 192, 320, 3, 2, 'valid'),
        ),
        chain(
          convolution(`${name}.branch7x7x3_1`, from, 192, 1),
          convolution(`${name}.branch7x7x3_2`, 192, 192, [1, 7]),
          convolution(`${name}.branch7x7x3_3`, 192, 192, [7, 1]),
          convolution(`${name}.branch7x7x3_4`, 192, 192, 3, 2, 'valid'),
        ),
        maximum,
      ),
    inceptionE: (name: string, from: number, pooling: 'average' | 'maximum'): Stage =>
      branches(
        name,
        convolution(`${name}.branch1x1`, from, 320, 1),
        chain(
          convolution(`${name}.branch3x3_1`, from, 384, 1),
          concatenated(
            convolution(`${name}.branch3x3_2a`, 384, 384, [1, 3]),
            convolution(`${name}.branch3x3_2b`, 384, 384, [3, 1]),
          ),
        ),
        chain(
          convolution(`${name}.branch3x3dbl_1`, from, 448, 1),
          convolution(`${name}.branch3x3dbl_2`, 448, 384, 3),
          concatenated(
            convolution(`${name}.branch3x3dbl_3a`, 384, 384, [1, 3]),
            convolution(`${name}.branch3x3dbl_3b`, 384, 384, [3, 1]),
          ),
        ),
        chain(pooling === 'average' ? average : maximumSame, convolution(`${name}.branch_pool`, from, 192, 1)),
      ),
  };
}
