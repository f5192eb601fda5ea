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
    timeEmbedding: z
      .enum(['WhereNeeded', 'Always'])
      .describe(
        'WhereNeeded: a model of one latent state is not told its timestep, which would be a constant. Always: it is told, and has the same parameters as a model of several.',
      )
      .default('WhereNeeded'),
    classEmbedding: z
      .enum(['Added', 'Token', 'None'])
      .describe(
        'How a network is told the class of an image, where the dataset has labels. Added: a learned vector per class, added to the embedding of the timestep. Token: a learned token per class, which cross-attention looks at. None: not at all.',
      )
      .default('Added'),
    classTokenWidth: integer(1, 8192)
      .describe('Floats of a class Token. Where the dataset has contexts it is as wide as those instead.')
      .default(512),
  })
  .prefault({})
  .describe('The U-Net that every model uses unless an override says otherwise.');

export const modelOverrideSchema = overridable('model', modelSchema);

export type Model = z.output<typeof modelSchema>;
