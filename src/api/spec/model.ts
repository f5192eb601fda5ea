import { z } from 'zod';
import { asSet, integer } from '../rules.ts';
import { overridable } from './overridable.ts';

/** How large a network is, and where it looks over all pixels. */
const size = {
  baseChannels: integer(8, 1024)
    .multipleOf(8)
    .describe('Channels at the full resolution; a multiple of 8.')
    .default(32),
  channelMultipliers: z
    .array(integer(1, 16))
    .min(1)
    .max(8)
    .describe('Channels of each level as multiples of baseChannels; each level after the first halves the resolution.')
    .default([1, 2, 2]),
  residualBlocks: integer(1, 8)
    .describe('Residual blocks per level on the way down (one more on the way up).')
    .default(1),
  attentionResolutions: asSet(z.array(integer(1, 1024)).max(8))
    .describe('Resolutions in pixels at which blocks have self-attention.')
    .default([]),
  transformerDepths: z
    .array(integer(0, 16))
    .max(8)
    .describe(
      'Per level, transformer blocks after each residual block: self-attention, cross-attention to what the network is told as tokens, and a gated feed-forward (GEGLU). 0, or a level beyond the list: none, and self-attention where attentionResolutions says so. The middle has as many as the last level that has any.',
    )
    .default([]),
  headChannels: integer(0, 1024)
    .describe('Channels of each head of attention, of which every level’s channels are a multiple; 0 is one head.')
    .default(0),
};

/** What else those whose weights people have do differently. */
const details = {
  projections: z
    .enum(['Convolution', 'Linear'])
    .describe('How weights of the projections into and out of transformers are kept: as 1×1 kernels or as matrices.')
    .default('Convolution'),
  normGroups: integer(1, 128).describe('Groups of group normalization; divides baseChannels.').default(8),
  normEpsilon: z.number().gt(0).max(0.1).describe('Added to the variance by group normalization.').default(1e-5),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .describe('Part of the activations of each residual block that is dropped in training, never in sampling.')
    .default(0),
  downsamplePadding: z
    .enum(['End', 'Both'])
    .describe('Where convolutions that halve an image pad it: a row and column at the end, or one at both ends.')
    .default('End'),
};

/** What a network is told besides the image. */
const told = {
  timeEmbedding: z
    .enum(['WhereNeeded', 'Always'])
    .describe(
      'WhereNeeded: a model of one latent state is not told its timestep, which would be a constant. Always: it is told, and has the same parameters as a model of several.',
    )
    .default('WhereNeeded'),
  timeOrder: z
    .enum(['CosineFirst', 'SineFirst'])
    .describe('Order of the two halves of the timestep’s embedding.')
    .default('CosineFirst'),
  timeFrequencyShift: integer(0, 1)
    .describe('1: the last of the embedding’s frequencies is 1/10000; 0: the one that would come after it.')
    .default(0),
  classEmbedding: z
    .enum(['Added', 'Token', 'None'])
    .describe(
      'How a network is told the class of an image, where the dataset has labels. Added: a learned vector per class, added to the embedding of the timestep. Token: a learned token per class, which cross-attention looks at. None: not at all.',
    )
    .default('Added'),
  classTokenWidth: integer(1, 8192)
    .describe('Floats of a class Token. Where the dataset has contexts it is as wide as those instead.')
    .default(512),
};

export const modelSchema = z
  .strictObject({ ...size, ...details, ...told })
  .prefault({})
  .describe('The U-Net that every model uses unless an override says otherwise.');

export const modelOverrideSchema = overridable('model', modelSchema);

export type Model = z.output<typeof modelSchema>;
