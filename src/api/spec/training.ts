import { z } from 'zod';
import { predictions } from '../../diffusion/prediction.ts';
import { integer } from '../rules.ts';
import { overridable } from './overridable.ts';

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
  })
  .prefault({})
  .describe('The weights that are kept are an exponential moving average.');

export const trainingSchema = z
  .strictObject({
    images: integer(0, 2_000_000_000)
      .describe(
        'Images that each model sees, repeats counted. 0 leaves the models untrained, a baseline for evaluation.',
      )
      .default(200_000),
    batchSize: integer(1, 8192).describe('Images in one optimizer step.').default(64),
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
    seed: integer(0).describe('Seed of initial weights, noise, timesteps and data order.').default(0),
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
  .prefault({})
  .describe('How each model is trained.');

export const trainingOverrideSchema = overridable('training', trainingSchema);

export type Training = z.output<typeof trainingSchema>;
