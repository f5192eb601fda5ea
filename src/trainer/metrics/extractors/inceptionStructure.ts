/** Channels in and out, kernel (height and width), stride, padding. */
export type ConvolutionShape = [
  from: number,
  to: number,
  kernel: number | [number, number],
  stride?: 1 | 2,
  padding?: 'same' | 'valid',
];

/** What the network is built of: layers that compute, or whatever else its structure is asked for. */
export interface Blocks<L> {
  /** Convolution without bias, batch norm, ReLU. */
  convolution(name: string, ...shape: ConvolutionShape): L;
  chain(...layers: L[]): L;
  concatenated(...layers: L[]): L;
  maximum: L;
  maximumSame: L;
  average: L;
}

/** A part of the network, under the name that pytorch-fid gives it. */
export interface Stage<L> {
  name: string;
  layer: L;
}

/** Everything between the images and the last pooling: [n,299,299,3] → [n,8,8,2048]. */
export function inceptionStructure<L>(blocks: Blocks<L>): Stage<L>[] {
  const { maximum } = blocks;
  const { inceptionA, inceptionB, inceptionC, inceptionD, inceptionE } = inceptionBlocks(blocks);
  const convolution = (name: string, ...shape: ConvolutionShape): Stage<L> => ({
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

function inceptionBlocks<L>({ convolution, chain, concatenated, maximum, maximumSame, average }: Blocks<L>) {
  const branches = (name: string, ...layers: L[]): Stage<L> => ({ name, layer: concatenated(...layers) });
  return {
    inceptionA: (name: string, from: number, pooled: number): Stage<L> =>
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
    inceptionB: (name: string, from: number): Stage<L> =>
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
    inceptionC: (name: string, inner: number): Stage<L> =>
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
    inceptionD: (name: string, from: number): Stage<L> =>
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
    inceptionE: (name: string, from: number, pooling: 'average' | 'maximum'): Stage<L> =>
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

/** Shapes of a convolution's weights, by what they are called after its name. */
export function convolutionShapes([from, to, kernel]: ConvolutionShape) {
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  return {
    'conv.weight': [to, from, height, width],
    'bn.weight': [to],
    'bn.bias': [to],
    'bn.running_mean': [to],
    'bn.running_var': [to],
  };
}

/** Shapes of all weights, by name. */
export function inceptionShapes(): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  inceptionStructure<undefined>({
    convolution(name, ...shape) {
      for (const [part, sizes] of Object.entries(convolutionShapes(shape))) shapes[`${name}.${part}`] = sizes;
    },
    chain: () => undefined,
    concatenated: () => undefined,
    maximum: undefined,
    maximumSame: undefined,
    average: undefined,
  });
  return shapes;
}
