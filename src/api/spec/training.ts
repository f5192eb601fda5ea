import { z } from 'zod';
import { predictions } from '../../diffusion/prediction.ts';
import { integer } from '../rules.ts';

const rate = z.number().min(0).max(1);

const fields = {
  images: integer(0, 2_000_000_000).describe(
    'Images that each model sees, repeats counted. 0 leaves the models untrained, a baseline for evaluation.',
  ),
  batchSize: integer(1, 8192).describe('Images in one optimizer step.'),
  prediction: z
    .enum(predictions)
    .describe('What the network predicts: the noise ε, the velocity v = √ᾱ·ε − √(1−ᾱ)·x0, or the image x0.'),
  seed: integer(0).describe('Seed of initial weights, noise, timesteps and data order.'),
  threads: integer(1, 256).describe(
    'CPU threads of TensorFlow. Sums are ordered by it, so a model’s digest depends on it.',
  ),
  gradientClipNorm: z
    .number()
    .min(0)
    .max(1e6)
    .describe('Largest global L2 norm of the gradient; 0 switches clipping off.'),
};

const optimizerFields = {
  name: z.enum(['Adam', 'AdamW']).describe('AdamW decays weights apart from the gradient; Adam does not decay them.'),
  learningRate: z.number().gt(0).max(10).describe('Learning rate after warm-up.'),
  beta1: rate.describe('Decay of the mean of gradients.'),
  beta2: rate.describe('Decay of the mean of squared gradients.'),
  epsilon: z.number().gt(0).max(1).describe('Added to the root of the mean square.'),
  weightDecay: z.number().min(0).max(10).describe('Decoupled weight decay, AdamW only.'),
  warmupImages: integer(0).describe('Images over which the learning rate rises linearly from 0.'),
};

const emaFields = {
  halfLifeImages: integer(0).describe(
    'Half-life, in images, of the exponential moving average of the weights; 0 takes the last weights.',
  ),
};

export const trainingSchema = z
  .strictObject({
    images: fields.images.default(200_000),
    batchSize: fields.batchSize.default(64),
    prediction: fields.prediction.default('V'),
    optimizer: z
      .strictObject({
        name: optimizerFields.name.default('AdamW'),
        learningRate: optimizerFields.learningRate.default(1e-3),
        beta1: optimizerFields.beta1.default(0.9),
        beta2: optimizerFields.beta2.default(0.999),
        epsilon: optimizerFields.epsilon.default(1e-8),
        weightDecay: optimizerFields.weightDecay.default(0.01),
        warmupImages: optimizerFields.warmupImages.default(2000),
      })
      .prefault({})
      .describe('The optimizer.'),
    gradientClipNorm: fields.gradientClipNorm.default(1),
    ema: z
      .strictObject({ halfLifeImages: emaFields.halfLifeImages.default(5000) })
      .prefault({})
      .describe('The weights that are kept are an exponential moving average.'),
    seed: fields.seed.default(0),
    threads: fields.threads.default(2),
  })
  .prefault({})
  .describe('How each model is trained.');

export const trainingOverrideSchema = z
  .strictObject({
    images: fields.images.optional(),
    batchSize: fields.batchSize.optional(),
    prediction: fields.prediction.optional(),
    optimizer: z
      .strictObject({
        name: optimizerFields.name.optional(),
        learningRate: optimizerFields.learningRate.optional(),
        beta1: optimizerFields.beta1.optional(),
        beta2: optimizerFields.beta2.optional(),
        epsilon: optimizerFields.epsilon.optional(),
        weightDecay: optimizerFields.weightDecay.optional(),
        warmupImages: optimizerFields.warmupImages.optional(),
      })
      .optional()
      .describe('Replaces fields of the optimizer.'),
    gradientClipNorm: fields.gradientClipNorm.optional(),
    ema: z
      .strictObject({ halfLifeImages: emaFields.halfLifeImages.optional() })
      .optional()
      .describe('Replaces fields of ema.'),
    seed: fields.seed.optional(),
    threads: fields.threads.optional(),
  })
  .describe('Replaces fields of training.');

export type Training = z.output<typeof trainingSchema>;
