import { z } from 'zod';
import { DdrError } from '../../../api/errors.ts';
import { describeIssues } from '../../../api/run.ts';
import { foreignContent } from '../../formats/content.ts';

const size = z.int().min(1);
const factor = z.number().finite();
/** A field that we know, and can do without where it says nothing. */
const absent = z.null('is not supported: latents are scaled by one factor, not per channel').default(null);

/**
 * What diffusers' AutoencoderKL writes into its config.json, with its defaults. Fields that begin with _ tell where a file
 * came from.
 */
const fields = z.strictObject({
  in_channels: z.literal([1, 3]).default(3),
  out_channels: z.literal([1, 3]).default(3),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')).default(['DownEncoderBlock2D']),
  up_block_types: z.array(z.literal('UpDecoderBlock2D')).default(['UpDecoderBlock2D']),
  block_out_channels: z.array(size).min(1).max(6).default([64]),
  layers_per_block: size.default(1),
  act_fn: z.enum(['silu', 'swish']).default('silu'), // two names of one function
  latent_channels: size.max(64).default(4),
  norm_num_groups: size.default(32),
  scaling_factor: factor.positive().default(0.18215),
  shift_factor: factor.nullable().default(null),
  latents_mean: absent,
  latents_std: absent,
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  mid_block_add_attention: z.boolean().default(true),
  // Of tiling and of half precision, neither of which we do.
  sample_size: z.unknown().optional(),
  force_upcast: z.unknown().optional(),
});

const configSchema = fields
  .refine(({ in_channels, out_channels }) => in_channels === out_channels, {
    path: ['out_channels'],
    message: 'must be in_channels: pictures come out as they go in',
  })
  .refine(
    ({ block_out_channels, down_block_types, up_block_types }) =>
      down_block_types.length === block_out_channels.length && up_block_types.length === block_out_channels.length,
    { path: ['block_out_channels'], message: 'must be as long as down_block_types and up_block_types' },
  )
  .refine(({ block_out_channels, norm_num_groups }) => block_out_channels.every((c) => c % norm_num_groups === 0), {
    path: ['norm_num_groups'],
    message: 'must divide every one of block_out_channels',
  });

export type AutoencoderConfig = z.output<typeof configSchema>;

/** How many times smaller latents are than pictures, in height and in width. */
export const downsamplingOf = ({ block_out_channels }: Pick<AutoencoderConfig, 'block_out_channels'>): number =>
  2 ** (block_out_channels.length - 1);

/**
 * Reads the config.json of diffusers' AutoencoderKL.
 * @throws DdrError InputForeign naming each field that is not supported
 */
export function parseAutoencoderConfig(bytes: Uint8Array, where: string): AutoencoderConfig {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw foreignContent(bytes, 'is not JSON', where);
  }
  const parsedObject = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsedObject.success) throw new DdrError('InputForeign', 'is not a JSON object', { where });
  const { _class_name: className = 'AutoencoderKL' } = parsedObject.data;
  if (className !== 'AutoencoderKL')
    throw new DdrError('InputForeign', `is of ${JSON.stringify(className)}, not of AutoencoderKL`, { where });
  const own = Object.entries(parsedObject.data).filter(([name]) => !name.startsWith('_'));
  const parsed = configSchema.safeParse(Object.fromEntries(own));
  if (parsed.success) return parsed.data;
  throw new DdrError(
    'InputForeign',
    `describes an autoencoder that is not supported: ${describeIssues(parsed.error).join('; ')}`,
    {
      where,
    },
  );
}
