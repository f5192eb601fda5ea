import type { Tensors } from '../engine/program.ts';
import type { Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import type { Conditioning } from './conditioning.ts';
import { createLayers, type Parameters } from './layers.ts';
import type { ParameterSpec, UnetConfig } from './parameters.ts';

/**
 * The U-Net as a list of blocks, which both the parameters and the forward pass are read from. After Ho et al. 2020:
 * residual blocks with GroupNorm and SiLU, self-attention at chosen resolutions, skip connections, zero-initialised ends.
 */
type Block =
  | { kind: 'input'; name: string; to: number }
  | { kind: 'residual'; name: string; from: number; to: number; attention: boolean }
  | { kind: 'down'; name: string; channels: number }
  | { kind: 'up'; name: string; channels: number };

interface Blocks {
  down: Block[];
  middle: [Block, Block];
  up: Block[];
  /** Channels that the output convolution takes. */
  last: number;
}

function blocksOf({
  imageSize,
  baseChannels,
  channelMultipliers,
  residualBlocks,
  attentionResolutions,
}: UnetConfig): Blocks {
  const levels = channelMultipliers.map((multiplier, level) => ({
    channels: baseChannels * multiplier,
    attention: attentionResolutions.includes(imageSize / 2 ** level),
    level,
  }));
  const deepest = levels.length - 1;
  let channels = baseChannels;
  const skips = [channels];
  const down: Block[] = [{ kind: 'input', name: 'in', to: channels }];
  for (const { channels: to, attention, level } of levels) {
    for (let block = 0; block < residualBlocks; block++) {
      down.push({ kind: 'residual', name: `down.${level}.${block}`, from: channels, to, attention });
      channels = to;
      skips.push(channels);
    }
    if (level < deepest) {
      down.push({ kind: 'down', name: `down.${level}.half`, channels });
      skips.push(channels);
    }
  }
  const middle: [Block, Block] = [
    { kind: 'residual', name: 'middle.0', from: channels, to: channels, attention: attentionResolutions.length > 0 },
    { kind: 'residual', name: 'middle.1', from: channels, to: channels, attention: false },
  ];
  const up: Block[] = [];
  for (const { channels: to, attention, level } of levels.toReversed()) {
    for (let block = 0; block <= residualBlocks; block++) {
      const from = channels + (skips.pop() as number);
      up.push({ kind: 'residual', name: `up.${level}.${block}`, from, to, attention });
      channels = to;
    }
    if (level > 0) up.push({ kind: 'up', name: `up.${level}.double`, channels });
  }
  return { down, middle, up, last: channels };
}

function convolutionSpecs(name: string, kernel: number, from: number, to: number, zero = false): ParameterSpec[] {
  const fanIn = kernel * kernel * from;
  return [
    {
      name: `${name}.w`,
      shape: [kernel, kernel, from, to],
      initial: zero ? { kind: 'zeros' } : { kind: 'normal', fanIn },
    },
    { name: `${name}.b`, shape: [to], initial: { kind: 'zeros' } },
  ];
}

const normSpecs = (name: string, channels: number): ParameterSpec[] => [
  { name: `${name}.g`, shape: [channels], initial: { kind: 'ones' } },
  { name: `${name}.s`, shape: [channels], initial: { kind: 'zeros' } },
];

function blockSpecs(config: UnetConfig, conditioning: Conditioning, block: Block): ParameterSpec[] {
  switch (block.kind) {
    case 'input':
      return convolutionSpecs(block.name, 3, config.imageChannels, block.to);
    case 'down':
    case 'up':
      return convolutionSpecs(block.name, 3, block.channels, block.channels);
    case 'residual': {
      const { name, from, to } = block;
      return [
        ...normSpecs(`${name}.norm1`, from),
        ...convolutionSpecs(`${name}.conv1`, 3, from, to),
        ...conditioning.blockParameters(name, to),
        ...normSpecs(`${name}.norm2`, to),
        ...convolutionSpecs(`${name}.conv2`, 3, to, to, true),
        ...(from === to ? [] : convolutionSpecs(`${name}.skip`, 1, from, to)),
        ...(block.attention
          ? [
              ...normSpecs(`${name}.attention.norm`, to),
              ...convolutionSpecs(`${name}.attention.qkv`, 1, to, 3 * to),
              ...convolutionSpecs(`${name}.attention.out`, 1, to, to, true),
            ]
          : []),
      ];
    }
  }
}

/** All parameters of a U-Net in their fixed order. */
export function parameterSpecs(config: UnetConfig, conditioning: Conditioning): ParameterSpec[] {
  const { down, middle, up, last } = blocksOf(config);
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
 * @returns the prediction, of x's shape
 */
export function unet(
  tf: typeof TensorFlow,
  config: UnetConfig,
  conditioning: Conditioning,
  parameter: Parameters,
  x: Tensor4D,
  inputs: Tensors,
): Tensor4D {
  const layers = createLayers(tf, parameter);
  const { convolution, groupNorm, silu, attention, upsample } = layers;
  const { down, middle, up } = blocksOf(config);
  const condition = conditioning.embed(tf, layers, inputs);

  const apply = (block: Block, h: Tensor4D): Tensor4D => {
    const { name } = block;
    switch (block.kind) {
      case 'input':
        return convolution(name, h);
      case 'down':
        return convolution(name, h, 2);
      case 'up':
        return convolution(name, upsample(h));
      case 'residual': {
        const first = condition(name, convolution(`${name}.conv1`, silu(groupNorm(`${name}.norm1`, h))));
        const inner = convolution(`${name}.conv2`, silu(groupNorm(`${name}.norm2`, first)));
        const sum: Tensor4D = tf.add(block.from === block.to ? h : convolution(`${name}.skip`, h), inner);
        return block.attention ? attention(`${name}.attention`, sum) : sum;
      }
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
