import { z } from 'zod';
import { DdrError } from '../../../api/errors.ts';
import { type Model, modelSchema } from '../../../api/spec/model.ts';
import type { Conditions } from '../conditioning.ts';
import type { UnetConfig } from '../parameters.ts';

/** The class of diffusers that has such a network; of several fields ours know one value only, which others check. */
export type DiffusersConfig = z.input<typeof configSchema>;

const count = z.int().min(1);
const perLevel = z.union([count, z.array(count)]);
const only = <T extends string | number | boolean | null>(value: T) => z.literal(value).optional();

/** config.json, as far as it decides what a network computes. What we do not know has to be as its default. */
const configSchema = z.object({
  _class_name: z.enum(['UNet2DModel', 'UNet2DConditionModel']),
  sample_size: count,
  in_channels: count,
  out_channels: count,
  down_block_types: z.array(z.enum(['DownBlock2D', 'AttnDownBlock2D', 'CrossAttnDownBlock2D'])),
  up_block_types: z.array(z.enum(['UpBlock2D', 'AttnUpBlock2D', 'CrossAttnUpBlock2D'])),
  block_out_channels: z.array(count).min(1),
  layers_per_block: count.default(2),
  attention_head_dim: z.union([perLevel, z.null()]).default(8),
  norm_num_groups: count.default(32),
  norm_eps: z.number().default(1e-5),
  downsample_padding: z.literal([0, 1]).default(1),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.literal([0, 1]).default(0),
  dropout: z.number().default(0),
  num_class_embeds: count.nullish(),
  cross_attention_dim: count.optional(),
  transformer_layers_per_block: perLevel.optional(),
  use_linear_projection: z.boolean().optional(),
  add_attention: z.boolean().optional(),
  mid_block_type: z.enum(['UNetMidBlock2D', 'UNetMidBlock2DCrossAttn']).optional(),
  act_fn: only('silu'),
  center_input_sample: only(false),
  time_embedding_type: only('positional'),
  time_embedding_dim: only(null),
  class_embed_type: only(null),
  resnet_time_scale_shift: only('default'),
  mid_block_scale_factor: only(1),
  only_cross_attention: only(false),
  dual_cross_attention: only(false),
  addition_embed_type: only(null),
  encoder_hid_dim: only(null),
  attn_norm_num_groups: only(null),
});

const perLevelOf = (value: number | readonly number[], levels: number): number[] =>
  typeof value === 'number' ? Array.from({ length: levels }, () => value) : [...value];

/** What a level has besides residual blocks. */
const levelsOf = ({ imageSize, channelMultipliers, attentionResolutions, transformerDepths }: UnetConfig) =>
  channelMultipliers.map((_, level) => {
    if ((transformerDepths[level] ?? 0) > 0) return 'CrossAttn';
    return attentionResolutions.includes(imageSize / 2 ** level) ? 'Attn' : '';
  });

const inexpressible = (what: string, hint: string) =>
  new DdrError('InvalidSpec', `${what}, for which diffusers has no network`, { where: 'spec.model', hint });

/** What is said of attention, which the two classes count in other ways: channels a head, and heads per level. */
function attentionFields(config: UnetConfig, contextWidth: number): Partial<DiffusersConfig> {
  const { baseChannels, channelMultipliers, headChannels, transformerDepths, attentionResolutions } = config;
  const deepest = transformerDepths.findLast((depth) => depth > 0);
  if (deepest === undefined) {
    return {
      attention_head_dim: headChannels === 0 ? null : headChannels,
      add_attention: attentionResolutions.length > 0,
    };
  }
  if (levelsOf(config).includes('Attn'))
    throw inexpressible('some levels have self-attention and others transformers', 'Give all of them transformers.');
  if (contextWidth === 0)
    throw inexpressible('transformers have no context to look at', 'Train with contexts or class tokens.');
  return {
    attention_head_dim: channelMultipliers.map((m) => (headChannels === 0 ? 1 : (m * baseChannels) / headChannels)),
    cross_attention_dim: contextWidth,
    transformer_layers_per_block: channelMultipliers.map((_, level) => transformerDepths[level] || deepest),
    use_linear_projection: config.projections === 'Linear',
  };
}

/**
 * config.json of a network.
 * @param contextWidth of what cross-attention looks at; 0 where there is none
 * @throws DdrError InvalidSpec where diffusers has no such network
 */
export function toConfig(config: UnetConfig, { classes }: Conditions, contextWidth: number): DiffusersConfig {
  const levels = levelsOf(config);
  const attention = attentionFields(config, contextWidth);
  return {
    _class_name: attention.cross_attention_dim === undefined ? 'UNet2DModel' : 'UNet2DConditionModel',
    sample_size: config.imageSize,
    in_channels: config.imageChannels,
    out_channels: config.imageChannels,
    down_block_types: levels.map((kind) => `${kind}DownBlock2D` as const),
    up_block_types: levels.toReversed().map((kind) => `${kind}UpBlock2D` as const),
    block_out_channels: config.channelMultipliers.map((multiplier) => multiplier * config.baseChannels),
    layers_per_block: config.residualBlocks,
    norm_num_groups: config.normGroups,
    norm_eps: config.normEpsilon,
    downsample_padding: config.downsamplePadding === 'Both' ? 1 : 0,
    flip_sin_to_cos: config.timeOrder === 'CosineFirst',
    freq_shift: config.timeFrequencyShift === 1 ? 1 : 0,
    dropout: config.dropout,
    num_class_embeds: classes !== undefined && config.classEmbedding === 'Added' ? classes + 1 : null,
    ...attention,
  };
}

/** A network of diffusers in our terms: the block `model` of a spec, the image, and what it is told. */
export interface ForeignNetwork {
  model: Model;
  image: { size: number; channels: number };
  /** Classes that it has been taught, the null class being the last of theirs; and the width of its context. */
  classes: number | undefined;
  contextWidth: number;
}

/** Channels a head, which has to be one number for all levels that have attention. */
function headChannelsOf(config: z.output<typeof configSchema>, where: string): number {
  const { attention_head_dim: heads, block_out_channels: channels, _class_name } = config;
  if (heads === null) return 0;
  if (_class_name === 'UNet2DModel') return typeof heads === 'number' ? heads : (heads[0] ?? 0);
  const counts = perLevelOf(heads, channels.length);
  const withAttention = channels.flatMap((width, i) =>
    config.down_block_types[i] === 'DownBlock2D' ? [] : [width / (counts[i] as number)],
  );
  if (new Set(withAttention).size === 1) return withAttention[0] as number;
  if (counts.every((heads) => heads === 1)) return 0;
  throw new DdrError('InputForeign', 'has heads of other widths at other levels, which this family does not have', {
    where,
  });
}

function notOfFamily({ issues: [issue] }: z.ZodError, where: string): DdrError {
  const what = `${issue?.path.join('.')} ${issue?.message}`;
  return new DdrError('InputForeign', `describes a network that is not of our family: ${what}`, { where });
}

/**
 * The network that a config.json describes.
 * @param json as parsed
 * @throws DdrError InputForeign where it is none of our family
 */
export function fromConfig(json: unknown, where: string): ForeignNetwork {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw notOfFamily(parsed.error, where);
  const config = parsed.data;
  const { block_out_channels: channels, down_block_types: kinds, sample_size } = config;
  const depths = perLevelOf(config.transformer_layers_per_block ?? 1, channels.length);
  const hasTransformers = kinds.includes('CrossAttnDownBlock2D');
  const base = channels[0] as number;
  const attentionAt = kinds.flatMap((kind, level) => (kind === 'AttnDownBlock2D' ? [sample_size / 2 ** level] : []));
  const fields = {
    baseChannels: base,
    channelMultipliers: channels.map((width) => width / base),
    residualBlocks: config.layers_per_block,
    attentionResolutions: attentionAt,
    transformerDepths: hasTransformers ? kinds.map((kind, i) => (kind === 'CrossAttnDownBlock2D' ? depths[i] : 0)) : [],
    headChannels: headChannelsOf(config, where),
    projections: config.use_linear_projection === true ? 'Linear' : 'Convolution',
    normGroups: config.norm_num_groups,
    normEpsilon: config.norm_eps,
    dropout: config.dropout,
    downsamplePadding: config.downsample_padding === 1 ? 'Both' : 'End',
    timeEmbedding: 'Always',
    timeOrder: config.flip_sin_to_cos ? 'CosineFirst' : 'SineFirst',
    timeFrequencyShift: config.freq_shift,
  };
  const model = modelSchema.safeParse(fields);
  if (!model.success) throw notOfFamily(model.error, where);
  return {
    model: model.data,
    image: { size: sample_size, channels: config.in_channels },
    classes: config.num_class_embeds == null ? undefined : config.num_class_embeds - 1,
    contextWidth: hasTransformers ? (config.cross_attention_dim ?? 1280) : 0,
  };
}
