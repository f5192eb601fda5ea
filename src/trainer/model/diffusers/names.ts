/** Layers outside of blocks. */
const outside: Record<string, string> = {
  'time.0': 'time_embedding.linear_1',
  'time.1': 'time_embedding.linear_2',
  class: 'class_embedding',
  in: 'conv_in',
  'out.norm': 'conv_norm_out',
  'out.conv': 'conv_out',
};

const residual: Record<string, string> = {
  norm1: 'norm1',
  conv1: 'conv1',
  time: 'time_emb_proj',
  norm2: 'norm2',
  conv2: 'conv2',
  skip: 'conv_shortcut',
};

/** Where we make one product of several, the last axis of ours is theirs side by side. */
const attention: Record<string, readonly string[]> = {
  'attention.norm': ['group_norm'],
  'attention.qkv': ['to_q', 'to_k', 'to_v'],
  'attention.out': ['to_out.0'],
  'transformer.norm': ['norm'],
  'transformer.in': ['proj_in'],
  'transformer.out': ['proj_out'],
};

const transformerBlock: Record<string, readonly string[]> = {
  'self.norm': ['norm1'],
  'self.qkv': ['attn1.to_q', 'attn1.to_k', 'attn1.to_v'],
  'self.out': ['attn1.to_out.0'],
  'cross.norm': ['norm2'],
  'cross.q': ['attn2.to_q'],
  'cross.kv': ['attn2.to_k', 'attn2.to_v'],
  'cross.out': ['attn2.to_out.0'],
  'feed.norm': ['norm3'],
  'feed.in': ['ff.net.0.proj'],
  'feed.out': ['ff.net.2'],
};

/** A layer of a residual block and what follows it. */
function insideBlock(block: string, layer: string): string[] {
  const own = residual[layer];
  if (own !== undefined) return [`resnets.${block}.${own}`];
  const [, depth, inner = ''] = /^transformer\.(\d+)\.(.*)$/.exec(layer) ?? [];
  if (depth === undefined) return (attention[layer] ?? []).map((name) => `attentions.${block}.${name}`);
  return (transformerBlock[inner] ?? []).map((name) => `attentions.${block}.transformer_blocks.${depth}.${name}`);
}

function layersOf(layer: string, levels: number): string[] {
  const whole = outside[layer];
  if (whole !== undefined) return [whole];
  const [, part, level, rest = ''] = /^(down|up)\.(\d+)\.(.*)$/.exec(layer) ?? [];
  const [, block = '', inner = ''] =
    /^(\d+)\.(.*)$/.exec(part === undefined ? layer.replace(/^middle\./, '') : rest) ?? [];
  const folder =
    part === undefined
      ? 'mid_block'
      : part === 'down'
        ? `down_blocks.${level}`
        : `up_blocks.${levels - 1 - Number(level)}`;
  if (rest === 'half') return [`${folder}.downsamplers.0.conv`];
  if (rest === 'double') return [`${folder}.upsamplers.0.conv`];
  return insideBlock(block, inner).map((name) => `${folder}.${name}`);
}

/**
 * Names in diffusers' UNet2DModel and UNet2DConditionModel of one of our parameters; several where it holds several.
 * @param levels of the network
 * @throws Error where it is none of a U-Net's
 */
export function theirNames(name: string, levels: number): string[] {
  const [, layer = '', kind] = /^(.*)\.([wbgs])$/.exec(name) ?? [];
  const layers = layersOf(layer, levels);
  if (layers.length === 0) throw new Error(`a U-Net has no parameter ${name}`);
  return layers.map((each) => `${each}.${kind === 'w' || kind === 'g' ? 'weight' : 'bias'}`);
}
