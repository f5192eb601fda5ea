import { feedForwardFactor } from './blockParameters.ts';
import type { Conditioning } from './conditioning.ts';
import type { UnetConfig } from './parameters.ts';
import type { Block, Residual } from './structure.ts';

/** What a block costs for one image. */
export interface Cost {
  /** Multiplications and additions of the forward pass, each counted as one; what is not a product is left out. */
  flops: number;
  /** Floats that are kept from the forward pass to the backward pass. */
  kept: number;
  /** Floats that its backward pass needs at once besides, and then no more. */
  passing: number;
}

const sum = (costs: readonly Cost[]): Cost => ({
  flops: costs.reduce((total, { flops }) => total + flops, 0),
  kept: costs.reduce((total, { kept }) => total + kept, 0),
  passing: Math.max(...costs.map(({ passing }) => passing)),
});

const nothing: Cost = { flops: 0, kept: 0, passing: 0 };

/** Attention of so many tokens of `channels` to `others`; with the query, the keys and the values kept, and all weights. */
const attention = (tokens: number, others: number, channels: number, heads: number): Cost => ({
  flops: 4 * tokens * others * channels,
  kept: 2 * tokens * channels + 2 * others * channels + heads * tokens * others,
  passing: 2 * heads * tokens * others, // the gradients of the weights, before and after the softmax
});

const product = (rows: number, from: number, to: number): number => 2 * rows * from * to;

/** A LayerNorm keeps what it normalized, and the product after it its result. */
const normed = (tokens: number, channels: number): Cost => ({ ...nothing, kept: 2 * tokens * channels });

function transformerLayer(tokens: number, channels: number, heads: number, context: Conditioning): Cost {
  const inner = channels * feedForwardFactor;
  const { contextTokens, contextWidth } = context;
  const norm = normed(tokens, channels);
  const self = [
    norm,
    { ...nothing, flops: product(tokens, channels, 4 * channels) },
    attention(tokens, tokens, channels, heads),
  ];
  const cross = [
    norm,
    { ...nothing, flops: product(tokens, channels, 2 * channels) + product(contextTokens, contextWidth, 2 * channels) },
    attention(tokens, contextTokens, channels, heads),
  ];
  const hidden = tokens * inner;
  const feed = [norm, { flops: product(tokens, channels, 3 * inner), kept: 3 * hidden, passing: 5 * hidden }];
  return sum([...self, ...(contextWidth === 0 ? [] : cross), ...feed]);
}

function attentionCost({ to, attention: kind }: Residual, tokens: number, conditioning: Conditioning): Cost {
  switch (kind.kind) {
    case 'none':
      return nothing;
    case 'self': {
      const inner = attention(tokens, tokens, to, kind.heads);
      // The norm's result, and the block's.
      return sum([inner, { ...nothing, flops: product(tokens, to, 4 * to), kept: 2 * tokens * to }]);
    }
    case 'transformer': {
      const layer = transformerLayer(tokens, to, kind.heads, conditioning);
      const ends = { ...nothing, flops: product(tokens, to, 2 * to), kept: 3 * tokens * to };
      return sum([ends, ...Array.from({ length: kind.depth }, () => layer)]);
    }
  }
}

/** @param side of the image that it gives, in pixels */
export function costOf(config: UnetConfig, conditioning: Conditioning, block: Block, side: number): Cost {
  const pixels = side * side;
  const convolved = (kernel: number, from: number, to: number) => product(pixels, kernel * kernel * from, to);
  switch (block.kind) {
    case 'input':
      return { flops: convolved(3, config.imageChannels, block.to), kept: pixels * block.to, passing: 0 };
    case 'down':
    case 'up': {
      const given = pixels * block.channels; // and upwards the enlarged image too
      const kept = block.kind === 'up' ? 2 * given : given;
      return { flops: convolved(3, block.channels, block.channels), kept, passing: 2 * given };
    }
    case 'residual': {
      const { name, from, to } = block;
      const skip = from === to ? 0 : convolved(1, from, to);
      const joined = name.startsWith('up.') ? from : 0; // with the skip connection
      const dropped = config.dropout === 0 ? 0 : 2 * to;
      // SiLU keeps its result and its gate, the second norm what it is given, and the block its result.
      const kept = pixels * (joined + 2 * from + 3 * to + dropped + to);
      return sum([
        { flops: convolved(3, from, to) + convolved(3, to, to) + skip, kept, passing: 4 * pixels * to },
        attentionCost(block, pixels, conditioning),
      ]);
    }
  }
}
