import type { UnetConfig } from './parameters.ts';

/** What looks over all pixels after a residual block. */
export type Attention =
  | { kind: 'none' }
  /** Self-attention, as Ho et al. 2020 have it. */
  | { kind: 'self'; heads: number }
  /** So many transformer blocks: self-attention, cross-attention where there is a context, and a gated feed-forward. */
  | { kind: 'transformer'; heads: number; depth: number };

export interface Residual {
  kind: 'residual';
  name: string;
  from: number;
  to: number;
  attention: Attention;
}

/** The U-Net as a list of blocks, which parameters, forward pass and description are read from. */
export type Block =
  | { kind: 'input'; name: string; to: number }
  | Residual
  | { kind: 'down'; name: string; channels: number }
  | { kind: 'up'; name: string; channels: number };

/**
 * After Ho et al. 2020: residual blocks with GroupNorm and SiLU, attention at chosen levels, skip connections,
 * zero-initialised ends; with the transformers of Rombach et al. 2022 where they are asked for.
 */
export interface Structure {
  down: Block[];
  middle: [Residual, Residual];
  up: Block[];
  /** Channels that the output convolution takes. */
  last: number;
}

const none: Attention = { kind: 'none' };

const headsOf = (channels: number, headChannels: number) => (headChannels === 0 ? 1 : channels / headChannels);

/** The structure of a network; sides are halved from level to level. */
export function structureOf(config: UnetConfig): Structure {
  const { baseChannels, channelMultipliers, residualBlocks, headChannels, transformerDepths } = config;
  const { imageSize, attentionResolutions } = config;
  const attentionOf = (channels: number, depth: number, self: boolean): Attention => {
    const heads = headsOf(channels, headChannels);
    if (depth > 0) return { kind: 'transformer', heads, depth };
    return self ? { kind: 'self', heads } : none;
  };
  const levels = channelMultipliers.map((multiplier, level) => {
    const to = baseChannels * multiplier;
    const self = attentionResolutions.includes(imageSize / 2 ** level);
    return { level, to, attention: attentionOf(to, transformerDepths[level] ?? 0, self) };
  });
  const deepest = levels.length - 1;
  let channels = baseChannels;
  const skips = [channels];
  const down: Block[] = [{ kind: 'input', name: 'in', to: channels }];
  for (const { level, to, attention } of levels) {
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
  // The middle has attention where any level has, and is as deep as the deepest level that has a transformer.
  const depth = transformerDepths.findLast((each) => each > 0) ?? 0;
  const attention = attentionOf(channels, depth, attentionResolutions.length > 0);
  const middle: [Residual, Residual] = [
    { kind: 'residual', name: 'middle.0', from: channels, to: channels, attention },
    { kind: 'residual', name: 'middle.1', from: channels, to: channels, attention: none },
  ];
  const up: Block[] = [];
  for (const { level, to, attention } of levels.toReversed()) {
    for (let block = 0; block <= residualBlocks; block++) {
      const from = channels + (skips.pop() as number);
      up.push({ kind: 'residual', name: `up.${level}.${block}`, from, to, attention });
      channels = to;
    }
    if (level > 0) up.push({ kind: 'up', name: `up.${level}.double`, channels });
  }
  return { down, middle, up, last: channels };
}
