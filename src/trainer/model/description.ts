import { blockSpecs } from './blockParameters.ts';
import type { Conditioning } from './conditioning.ts';
import { costOf } from './costs.ts';
import { totalSize, type UnetConfig } from './parameters.ts';
import { type Block, structureOf } from './structure.ts';
import { parameterSpecs } from './unet.ts';

export interface LayerDescription {
  name: string;
  /** What it is, such as "residual, self-attention of 8 heads". */
  kind: string;
  /** Height, width and channels of what it gives. */
  shape: [number, number, number];
  parameters: number;
  /** Multiplications and additions of a forward pass of one image. */
  flops: number;
}

/** Bytes that a training step needs, by part. */
export interface StepMemory {
  weights: number;
  gradient: number;
  /** Adam's two. */
  moments: number;
  ema: number;
  /** What the backward pass needs of the forward pass, for a batch, and what passes while it runs. */
  activations: number;
}

export interface NetworkDescription {
  layers: LayerDescription[];
  /** Of the whole network, and of it those that look up classes: of these, diffusers' counts have none. */
  parameters: number;
  classParameters: number;
  flops: number;
  batchSize: number;
  memory: StepMemory;
}

const bytesOfFloat = 4;

const headsText = (heads: number) => `${heads} head${heads === 1 ? '' : 's'}`;

function kindOf(block: Block, { contextTokens, contextWidth }: Conditioning): string {
  if (block.kind !== 'residual') return block.kind;
  const { attention } = block;
  switch (attention.kind) {
    case 'none':
      return 'residual';
    case 'self':
      return `residual, self-attention of ${headsText(attention.heads)}`;
    case 'transformer': {
      const cross = contextWidth === 0 ? '' : ` with ${contextTokens} × ${contextWidth} of context`;
      return `residual, ${attention.depth} × transformer of ${headsText(attention.heads)}${cross}`;
    }
  }
}

/** Blocks with the side of the image that each gives. */
function sidesOf(config: UnetConfig): { block: Block; side: number }[] {
  const { down, middle, up } = structureOf(config);
  let side = config.imageSize;
  return [...down, ...middle, ...up].map((block) => {
    if (block.kind === 'down') side /= 2;
    if (block.kind === 'up') side *= 2;
    return { block, side };
  });
}

/**
 * A network's layers, size and costs, of which nothing is made.
 * @param batchSize images of a step
 * @param averages EMAs that are kept
 */
export function describeNetwork(
  config: UnetConfig,
  conditioning: Conditioning,
  batchSize: number,
  averages = 1,
): NetworkDescription {
  const { imageSize, imageChannels } = config;
  const { last } = structureOf(config);
  const costs = sidesOf(config).map(({ block, side }) => ({
    block,
    side,
    ...costOf(config, conditioning, block, side),
  }));
  const told = conditioning.parameters();
  const specs = parameterSpecs(config, conditioning);
  const inside = costs.map(({ block, side, flops }): LayerDescription => {
    const channels = block.kind === 'down' || block.kind === 'up' ? block.channels : block.to;
    const parameters = totalSize(blockSpecs(config, conditioning, block));
    return { name: block.name, kind: kindOf(block, conditioning), shape: [side, side, channels], parameters, flops };
  });
  const pixels = imageSize ** 2;
  const output: LayerDescription = {
    name: 'out',
    kind: 'output',
    shape: [imageSize, imageSize, imageChannels],
    parameters: totalSize(specs.filter(({ name }) => name.startsWith('out.'))),
    flops: 2 * pixels * 9 * last * imageChannels,
  };
  const embeddings: LayerDescription[] =
    told.length === 0
      ? []
      : [{ name: 'told', kind: conditioning.kind, shape: [1, 1, 1], parameters: totalSize(told), flops: 0 }];
  const layers = [...embeddings, ...inside, output];
  const parameters = totalSize(specs);
  const kept = costs.reduce((sum, cost) => sum + cost.kept, 0) + 2 * pixels * last;
  const passing = Math.max(...costs.map((cost) => cost.passing));
  const bytes = parameters * bytesOfFloat;
  return {
    layers,
    parameters,
    classParameters: totalSize(told.filter(({ name }) => name.startsWith('class'))),
    flops: layers.reduce((sum, { flops }) => sum + flops, 0),
    batchSize,
    memory: {
      weights: bytes,
      gradient: bytes,
      moments: 2 * bytes,
      ema: averages * bytes,
      activations: (kept + passing) * bytesOfFloat * batchSize,
    },
  };
}
