import type { ParameterSpec } from '../parameters.ts';
import type { AutoencoderConfig } from './config.ts';

/**
 * One stage of the autoencoder of Rombach et al. 2022, named as the module of diffusers' AutoencoderKL that it is. Encoder
 * and decoder are lists of them, which both the parameters and the forward pass are read from.
 */
export type Stage =
  | { kind: 'convolution'; name: string; kernel: 1 | 3; from: number; to: number }
  | { kind: 'residual'; name: string; from: number; to: number }
  | { kind: 'attention'; name: string; channels: number }
  /** Halves height and width, or doubles them. */
  | { kind: 'down' | 'up'; name: string; channels: number }
  /** GroupNorm, then SiLU. */
  | { kind: 'norm'; name: string; channels: number };

/** Between the way down and the way up, at the lowest resolution. */
function middle(half: string, channels: number, { mid_block_add_attention }: AutoencoderConfig): Stage[] {
  const name = `${half}.mid_block`;
  const residual = (index: number): Stage => ({
    kind: 'residual',
    name: `${name}.resnets.${index}`,
    from: channels,
    to: channels,
  });
  const attention: Stage = { kind: 'attention', name: `${name}.attentions.0`, channels };
  return [residual(0), ...(mid_block_add_attention ? [attention] : []), residual(1)];
}

/** The residual blocks of a level, of which the first comes from the level before. */
const residualStages = (level: string, count: number, before: number, channels: number): Stage[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'residual',
    name: `${level}.resnets.${i}`,
    from: i === 0 ? before : channels,
    to: channels,
  }));

/** From pictures to mean and log-variance of latents. */
export function encoderStages(config: AutoencoderConfig): Stage[] {
  const { in_channels, block_out_channels, layers_per_block, latent_channels, use_quant_conv } = config;
  const [first = 0, last = 0] = [block_out_channels[0], block_out_channels.at(-1)];
  const moments = 2 * latent_channels;
  const down = block_out_channels.flatMap((channels, level): Stage[] => {
    const name = `encoder.down_blocks.${level}`;
    const before = block_out_channels[Math.max(0, level - 1)] as number;
    const residuals = residualStages(name, layers_per_block, before, channels);
    const half: Stage = { kind: 'down', name: `${name}.downsamplers.0.conv`, channels };
    return level < block_out_channels.length - 1 ? [...residuals, half] : residuals;
  });
  return [
    { kind: 'convolution', name: 'encoder.conv_in', kernel: 3, from: in_channels, to: first },
    ...down,
    ...middle('encoder', last, config),
    { kind: 'norm', name: 'encoder.conv_norm_out', channels: last },
    { kind: 'convolution', name: 'encoder.conv_out', kernel: 3, from: last, to: moments },
    ...(use_quant_conv
      ? [{ kind: 'convolution', name: 'quant_conv', kernel: 1, from: moments, to: moments } as const]
      : []),
  ];
}

/** From latents to pictures. */
export function decoderStages(config: AutoencoderConfig): Stage[] {
  const { out_channels, block_out_channels, layers_per_block, latent_channels, use_post_quant_conv } = config;
  const upwards = block_out_channels.toReversed();
  const [first = 0, last = 0] = [upwards[0], upwards.at(-1)];
  const up = upwards.flatMap((channels, level): Stage[] => {
    const name = `decoder.up_blocks.${level}`;
    const before = upwards[Math.max(0, level - 1)] as number;
    const residuals = residualStages(name, layers_per_block + 1, before, channels);
    const double: Stage = { kind: 'up', name: `${name}.upsamplers.0.conv`, channels };
    return level < upwards.length - 1 ? [...residuals, double] : residuals;
  });
  return [
    ...(use_post_quant_conv
      ? [
          {
            kind: 'convolution',
            name: 'post_quant_conv',
            kernel: 1,
            from: latent_channels,
            to: latent_channels,
          } as const,
        ]
      : []),
    { kind: 'convolution', name: 'decoder.conv_in', kernel: 3, from: latent_channels, to: first },
    ...middle('decoder', first, config),
    ...up,
    { kind: 'norm', name: 'decoder.conv_norm_out', channels: last },
    { kind: 'convolution', name: 'decoder.conv_out', kernel: 3, from: last, to: out_channels },
  ];
}

function convolutionSpecs(name: string, kernel: number, from: number, to: number): ParameterSpec[] {
  return [
    { name: `${name}.w`, shape: [kernel, kernel, from, to], initial: { kind: 'normal', fanIn: kernel ** 2 * from } },
    { name: `${name}.b`, shape: [to], initial: { kind: 'zeros' } },
  ];
}

const normSpecs = (name: string, channels: number): ParameterSpec[] => [
  { name: `${name}.g`, shape: [channels], initial: { kind: 'ones' } },
  { name: `${name}.s`, shape: [channels], initial: { kind: 'zeros' } },
];

/** The projections of an attention: queries, keys, values, and the way back. */
export const projections = ['to_q', 'to_k', 'to_v', 'to_out.0'] as const;

function parametersOf(stage: Stage): ParameterSpec[] {
  const { name } = stage;
  switch (stage.kind) {
    case 'convolution':
      return convolutionSpecs(name, stage.kernel, stage.from, stage.to);
    case 'down':
    case 'up':
      return convolutionSpecs(name, 3, stage.channels, stage.channels);
    case 'norm':
      return normSpecs(name, stage.channels);
    case 'attention':
      return [
        ...normSpecs(`${name}.group_norm`, stage.channels),
        ...projections.flatMap((each) => convolutionSpecs(`${name}.${each}`, 1, stage.channels, stage.channels)),
      ];
    case 'residual': {
      const { from, to } = stage;
      return [
        ...normSpecs(`${name}.norm1`, from),
        ...convolutionSpecs(`${name}.conv1`, 3, from, to),
        ...normSpecs(`${name}.norm2`, to),
        ...convolutionSpecs(`${name}.conv2`, 3, to, to),
        ...(from === to ? [] : convolutionSpecs(`${name}.conv_shortcut`, 1, from, to)),
      ];
    }
  }
}

/** Parameters of stages in their order, named as {@link Stage} with the suffixes of createLayers(). */
export const stageParameters = (stages: readonly Stage[]): ParameterSpec[] => stages.flatMap(parametersOf);
