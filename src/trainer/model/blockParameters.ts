import type { Conditioning } from './conditioning.ts';
import { denseSpecs, type ParameterSpec, type UnetConfig } from './parameters.ts';
import type { Block, Residual } from './structure.ts';

/** Of the feed-forward's inner layer, to the channels outside. */
export const feedForwardFactor = 4;

export function convolutionSpecs(
  name: string,
  kernel: number,
  from: number,
  to: number,
  zero = false,
): ParameterSpec[] {
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

export const normSpecs = (name: string, channels: number): ParameterSpec[] => [
  { name: `${name}.g`, shape: [channels], initial: { kind: 'ones' } },
  { name: `${name}.s`, shape: [channels], initial: { kind: 'zeros' } },
];

/** A dense layer without bias. */
const matrixSpecs = (name: string, from: number, to: number): ParameterSpec[] => denseSpecs(name, from, to).slice(0, 1);

/** A transformer's projection in or out: the same product, as a 1×1 convolution or as a matrix. */
function projectionSpecs({ projections }: UnetConfig, name: string, channels: number, zero: boolean): ParameterSpec[] {
  if (projections === 'Convolution') return convolutionSpecs(name, 1, channels, channels, zero);
  const [weight, bias] = denseSpecs(name, channels, channels) as [ParameterSpec, ParameterSpec];
  return [zero ? { ...weight, initial: { kind: 'zeros' } } : weight, bias];
}

function transformerSpecs(
  config: UnetConfig,
  { contextWidth }: Conditioning,
  name: string,
  channels: number,
  depth: number,
): ParameterSpec[] {
  const inner = channels * feedForwardFactor;
  const layers = Array.from({ length: depth }, (_, i) => `${name}.${i}`).flatMap((layer) => [
    ...normSpecs(`${layer}.self.norm`, channels),
    ...matrixSpecs(`${layer}.self.qkv`, channels, 3 * channels),
    ...denseSpecs(`${layer}.self.out`, channels, channels),
    ...(contextWidth === 0
      ? []
      : [
          ...normSpecs(`${layer}.cross.norm`, channels),
          ...matrixSpecs(`${layer}.cross.q`, channels, channels),
          ...matrixSpecs(`${layer}.cross.kv`, contextWidth, 2 * channels),
          ...denseSpecs(`${layer}.cross.out`, channels, channels),
        ]),
    ...normSpecs(`${layer}.feed.norm`, channels),
    ...denseSpecs(`${layer}.feed.in`, channels, 2 * inner),
    ...denseSpecs(`${layer}.feed.out`, inner, channels),
  ]);
  return [
    ...normSpecs(`${name}.norm`, channels),
    ...projectionSpecs(config, `${name}.in`, channels, false),
    ...layers,
    ...projectionSpecs(config, `${name}.out`, channels, true),
  ];
}

function attentionSpecs(
  config: UnetConfig,
  conditioning: Conditioning,
  { name, to, attention }: Residual,
): ParameterSpec[] {
  switch (attention.kind) {
    case 'none':
      return [];
    case 'self':
      return [
        ...normSpecs(`${name}.attention.norm`, to),
        ...convolutionSpecs(`${name}.attention.qkv`, 1, to, 3 * to),
        ...convolutionSpecs(`${name}.attention.out`, 1, to, to, true),
      ];
    case 'transformer':
      return transformerSpecs(config, conditioning, `${name}.transformer`, to, attention.depth);
  }
}

/** Parameters of a block in their fixed order. */
export function blockSpecs(config: UnetConfig, conditioning: Conditioning, block: Block): ParameterSpec[] {
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
        ...attentionSpecs(config, conditioning, block),
      ];
    }
  }
}
