import type { Tensors } from '../engine/program.ts';
import type { Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { blockSpecs, convolutionSpecs, normSpecs } from './blockParameters.ts';
import type { Conditioning } from './conditioning.ts';
import { noDropout } from './dropout.ts';
import { createLayers, type Parameters } from './layers.ts';
import type { ParameterSpec, UnetConfig } from './parameters.ts';
import { type Block, type Residual, structureOf } from './structure.ts';
import { transform } from './transformer.ts';

/** All parameters of a U-Net in their fixed order. */
export function parameterSpecs(config: UnetConfig, conditioning: Conditioning): ParameterSpec[] {
  const { down, middle, up, last } = structureOf(config);
  return [
    ...conditioning.parameters(),
    ...[...down, ...middle, ...up].flatMap((block) => blockSpecs(config, conditioning, block)),
    ...normSpecs('out.norm', last),
    ...convolutionSpecs('out.conv', 3, last, config.imageChannels, true),
  ];
}

/**
 * The forward pass.
 * @param x [B, size, size, channels]
 * @param inputs those of the conditioning
 * @param dropout in training, where the network has it
 * @returns the prediction, of x's shape
 */
export function unet(
  tf: typeof TensorFlow,
  config: UnetConfig,
  conditioning: Conditioning,
  parameter: Parameters,
  x: Tensor4D,
  inputs: Tensors,
  dropout = noDropout,
): Tensor4D {
  const { normGroups: groups, normEpsilon: epsilon, downsamplePadding } = config;
  const layers = createLayers(tf, parameter, { groups, epsilon });
  const { convolution, groupNorm, silu } = layers;
  const { down, middle, up } = structureOf(config);
  const { residual, context } = conditioning.embed(tf, layers, inputs);

  let blocks = 0; // residual blocks so far
  const applyResidual = ({ name, from, to, attention }: Residual, h: Tensor4D): Tensor4D => {
    const first = residual(name, convolution(`${name}.conv1`, silu(groupNorm(`${name}.norm1`, h))));
    const second = dropout(blocks++, silu(groupNorm(`${name}.norm2`, first)));
    const inner = convolution(`${name}.conv2`, second);
    const sum: Tensor4D = tf.add(from === to ? h : convolution(`${name}.skip`, h), inner);
    switch (attention.kind) {
      case 'none':
        return sum;
      case 'self':
        return layers.attention(`${name}.attention`, sum, attention.heads);
      case 'transformer':
        return transform(tf, parameter, { ...attention, name: `${name}.transformer`, groups }, sum, context);
    }
  };
  const apply = (block: Block, h: Tensor4D): Tensor4D => {
    switch (block.kind) {
      case 'input':
        return convolution(block.name, h);
      case 'down':
        return layers.halve(block.name, h, downsamplePadding);
      case 'up':
        return convolution(block.name, layers.upsample(h));
      case 'residual':
        return applyResidual(block, h);
    }
  };

  const skips: Tensor4D[] = [];
  let h = x;
  for (const block of down) {
    h = apply(block, h);
    skips.push(h);
  }
  for (const block of middle) h = apply(block, h);
  for (const block of up) {
    h = apply(block, block.kind === 'residual' ? tf.concat([h, skips.pop() as Tensor4D], 3) : h);
  }
  return convolution('out.conv', silu(groupNorm('out.norm', h)));
}
