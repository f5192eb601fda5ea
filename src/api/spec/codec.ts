import { z } from 'zod';
import { integer, withRules } from '../rules.ts';
import type { Dataset, ImageShape, NetworkShape } from './dataset.ts';
import { volumePathSchema } from './source.ts';

/** The VAE of Stable Diffusion, which most latents are of. */
const defaultDownsampling = 8;
const defaultChannels = 4;

/** A codec as tasks have it, where a run has one with files of its own. */
export const codecFields = z.strictObject({
  name: z
    .enum(['Pixels', 'AutoencoderKL'])
    .default('Pixels')
    .describe(
      'Pixels: networks see the pixels themselves. AutoencoderKL: networks see latents, and an autoencoder of yours makes pictures of samples. Without dataset.latents it makes the latents too, of the images, when the data are prepared.',
    ),
  weights: z
    .strictObject({ volume: volumePathSchema })
    .optional()
    .describe(
      "AutoencoderKL: its folder in diffusers' layout, with config.json and diffusion_pytorch_model.safetensors.",
    ),
  downsampling: z
    .literal([1, 2, 4, 8, 16, 32])
    .default(defaultDownsampling)
    .describe(
      'AutoencoderKL: how many times smaller latents are than images, in height and in width; 2 for every block of its config.json after the first.',
    ),
  channels: integer(1, 64)
    .default(defaultChannels)
    .describe('AutoencoderKL: channels of a latent, latent_channels of its config.json.'),
  scalingFactor: z
    .number()
    .gt(0)
    .max(1e6)
    .optional()
    .describe(
      'AutoencoderKL: networks see (latent − shiftFactor) · scalingFactor. scaling_factor of its config.json where left out.',
    ),
  shiftFactor: z
    .number()
    .min(-1e6)
    .max(1e6)
    .optional()
    .describe('AutoencoderKL: shift_factor of its config.json, or 0, where left out.'),
});

export const codecSchema = withRules(
  codecFields.prefault({}).describe('What stands between images and what networks see.'),
  [
    {
      cel: "(self.name == 'AutoencoderKL') == has(self.weights)",
      message: 'weights and AutoencoderKL go together: it is an autoencoder that you give, Pixels has none',
      path: ['weights'],
      check: ({ name, weights }) => (name === 'AutoencoderKL') === (weights !== undefined),
    },
    {
      cel: `self.name != 'Pixels' || (self.downsampling == ${defaultDownsampling} && self.channels == ${defaultChannels} && !has(self.scalingFactor) && !has(self.shiftFactor))`,
      message: 'downsampling, channels, scalingFactor and shiftFactor are of AutoencoderKL; leave them out with Pixels',
      path: ['name'],
      check: ({ name, downsampling, channels, scalingFactor, shiftFactor }) =>
        name !== 'Pixels' ||
        (downsampling === defaultDownsampling &&
          channels === defaultChannels &&
          scalingFactor === undefined &&
          shiftFactor === undefined),
    },
  ],
);

export type Codec = z.output<typeof codecSchema>;

/** Whether images become latents when the data are prepared. */
export const encodes = ({ dataset, codec }: { dataset: Dataset; codec: Codec }): boolean =>
  codec.name !== 'Pixels' && dataset.latents === undefined;

/** Height and width of what networks see, for images of a size. */
export const networkSize = (size: number, { name, downsampling }: Codec): number =>
  name === 'Pixels' ? size : Math.floor(size / downsampling);

/** The same in CEL, over a spec as `self`. */
export const networkSizeCel =
  "(self.codec.name == 'Pixels' ? self.dataset.image.size : self.dataset.image.size / self.codec.downsampling)";

/** Shape of what networks see. */
export const networkShape = ({ size, channels }: ImageShape, codec: Codec): NetworkShape => ({
  size: networkSize(size, codec),
  channels: codec.name === 'Pixels' ? channels : codec.channels,
});
