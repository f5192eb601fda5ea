import { z } from 'zod';
import { asSet, integer } from '../rules.ts';
import { overridable } from './overridable.ts';

export const modelSchema = z
  .strictObject({
    baseChannels: integer(8, 1024)
      .multipleOf(8)
      .describe('Channels at the full resolution; a multiple of 8.')
      .default(32),
    channelMultipliers: z
      .array(integer(1, 16))
      .min(1)
      .max(8)
      .describe(
        'Channels of each level as multiples of baseChannels; each level after the first halves the resolution.',
      )
      .default([1, 2, 2]),
    residualBlocks: integer(1, 8)
      .describe('Residual blocks per level on the way down (one more on the way up).')
      .default(1),
    attentionResolutions: asSet(z.array(integer(1, 1024)).max(8))
      .describe('Resolutions in pixels at which blocks have self-attention.')
      .default([]),
  })
  .prefault({})
  .describe('The U-Net that every model uses unless an override says otherwise.');

export const modelOverrideSchema = overridable('model', modelSchema);

export type Model = z.output<typeof modelSchema>;
