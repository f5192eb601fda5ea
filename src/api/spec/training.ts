import { z } from 'zod';
import { predictions } from '../../diffusion/prediction.ts';
import { integer, withRules } from '../rules.ts';
import { overridable } from './overridable.ts';
import { volumePathSchema } from './source.ts';

const rate = z.number().min(0).max(1);

const optimizer = z
  .strictObject({
    name: z
      .enum(['Adam', 'AdamW'])
      .describe('AdamW decays weights apart from the gradient; Adam does not decay them.')
      .default('AdamW'),
    learningRate: z.number().gt(0).max(10).describe('Learning rate after warm-up.').default(1e-3),
    beta1: rate.describe('Decay of the mean of gradients.').default(0.9),
    beta2: rate.describe('Decay of the mean of squared gradients.').default(0.999),
    epsilon: z.number().gt(0).max(1).describe('Added to the root of the mean square.').default(1e-8),
    weightDecay: z.number().min(0).max(10).describe('Decoupled weight decay, AdamW only.').default(0.01),
    warmupImages: integer(0).describe('Images over which the learning rate rises linearly from 0.').default(2000),
  })
  .prefault({})
  .describe('The optimizer.');

const ema = z
  .strictObject({
    halfLifeImages: integer(0)
      .describe('Half-life, in images, of the exponential moving average of the weights; 0 takes the last weights.')
      .default(5000),
    further: z
      .array(integer(0))
      .max(8)
      .describe(
        'Half-lives, in images, of further averages of the same training; sampling.ema chooses. Each takes as much memory as the weights, and a file in the bundle.',
      )
      .default([]),
  })
  .prefault({})
  .describe('The weights that are kept are an exponential moving average.');

/** What ranges of states may have of their own. */
const ownSchema = z
  .strictObject({
    images: integer(0, 2_000_000_000)
      .describe(
        'Images that each model sees, repeats counted. 0 leaves the models untrained, a baseline for evaluation.',
      )
      .default(200_000),
    batchSize: integer(1, 8192).describe('Images in one optimizer step.').default(64),
    microBatchSize: integer(0, 8192)
      .describe(
        'Images whose gradient is computed at once, a divisor of batchSize; 0 is the whole batch. Fewer need less memory, and give the same model but for the order of sums.',
      )
      .default(0),
    prediction: z
      .enum(predictions)
      .describe('What the network predicts: the noise ε, the velocity v = √ᾱ·ε − √(1−ᾱ)·x0, or the image x0.')
      .default('V'),
    optimizer,
    gradientClipNorm: z
      .number()
      .min(0)
      .max(1e6)
      .describe('Largest global L2 norm of the gradient; 0 switches clipping off.')
      .default(1),
    ema,
    conditionDropout: z
      .number()
      .min(0)
      .lt(1)
      .describe(
        'Share of images that are learned from without label and context, so that sampling.guidance has a model without conditions to compare with; 0.1 is usual.',
      )
      .default(0),
    horizontalFlips: z
      .boolean()
      .describe(
        'Mirrors half of the images, left and right, drawn anew whenever an image is learned from. Not with codec AutoencoderKL: latents are made once, and a mirrored latent is not the latent of the mirrored image.',
      )
      .default(false),
    precision: z
      .enum(['Float32', 'BFloat16'])
      .describe(
        'Numbers that matrix products and convolutions of training compute with. BFloat16 is for GPUs that have it, and slower on most CPUs; weights, norms, softmax and loss stay Float32.',
      )
      .default('Float32'),
    seed: integer(0)
      .describe('Seed of initial weights, noise, timesteps, data order, dropped conditions and flips.')
      .default(0),
    threads: integer(1, 256)
      .describe('CPU threads of TensorFlow. Sums are ordered by it, so a model’s digest depends on it.')
      .default(2),
    xla: z
      .boolean()
      .describe(
        'Whether XLA compiles clusters of ops of the training step, for which it takes some minutes at first. It often gains on GPUs and loses on CPUs; the numbers are others, so a model’s digest depends on it.',
      )
      .default(false),
  })
  .prefault({});

export const trainingOverrideSchema = overridable('training', ownSchema);

/** Of the run as a whole: every model begins from the same folder. */
const warmStart = withRules(
  z
    .strictObject({ volume: volumePathSchema })
    .describe(
      "Models begin from weights that exist instead of random ones. The folder of another run's bundle (manifest.json): each model takes the one whose states are nearest by the logarithm of the signal-to-noise ratio; a bundle with one model begins all of them. Or a U-Net's folder in diffusers' layout (config.json, diffusion_pytorch_model.safetensors), from which all begin.",
    ),
  [
    {
      cel: "!self.volume.path.endsWith('.safetensors') && !self.volume.path.endsWith('.json')",
      message: 'must be the folder that has manifest.json or config.json, not a file in it',
      path: ['volume', 'path'],
      check: ({ volume: { path } }) => !path.endsWith('.safetensors') && !path.endsWith('.json'),
    },
  ],
);

export const trainingSchema = z
  .strictObject({ ...ownSchema.unwrap().shape, warmStart: warmStart.optional() })
  .prefault({})
  .describe('How each model is trained.');

export type Training = z.output<typeof trainingSchema>;
