import { z } from 'zod';
import { integer, withRules } from '../rules.ts';

export const samplingSchema = withRules(
  z
    .strictObject({
      sampler: z
        .enum(['DDIM'])
        .default('DDIM')
        .describe('The composed sampler: each step by the model of its own state.'),
      eta: z.number().min(0).max(1).default(0).describe('η of DDIM: 0 is deterministic, 1 adds as much noise as DDPM.'),
      count: integer(1, 10_000_000).default(1000).describe('Samples to draw.'),
      shards: integer(1, 10_000).default(1).describe('Pods that share the work; results do not depend on it.'),
      batchSize: integer(1, 8192).default(100).describe('Samples drawn at once in one pod.'),
      seed: integer(0).default(0).describe('Seed of the samples; each sample has its own stream.'),
      ema: integer(0, 8)
        .default(0)
        .describe(
          'Which average of the weights: 0 is that of training.ema.halfLifeImages, n the n-th of training.ema.further.',
        ),
      clip: z
        .boolean()
        .default(true)
        .describe('Clip the predicted image to [−1, 1] in every step and derive the noise anew.'),
      start: z
        .enum(['StandardNormal', 'MomentMatched'])
        .default('StandardNormal')
        .describe(
          "What sampling starts from: N(0, I), or a normal with the data's per-pixel mean and variance, for schedules whose last ᾱ is not near 0.",
        ),
    })
    .prefault({})
    .describe('How samples are drawn from the bundle.'),
  [
    {
      cel: 'self.shards <= self.count',
      message: 'shards must not exceed count: every shard draws at least one sample',
      path: ['shards'],
      check: (s) => s.shards <= s.count,
    },
  ],
);

export type Sampling = z.output<typeof samplingSchema>;
