import { z } from 'zod';
import { integer, withRules } from '../rules.ts';
import { promptsSchema } from './conditions.ts';
import { stateRange } from './stateRange.ts';

const guidance = z
  .strictObject({
    scale: z
      .number()
      .min(0)
      .max(100)
      .default(1)
      .describe(
        'Scale s: the output is that without conditions plus s times what the conditions change. 1 is off, 0 ignores the conditions.',
      ),
    states: stateRange(
      'The states that are guided: "8" or "2-9", 0 being the cleanest; all where left out.',
    ).optional(),
  })
  .prefault({})
  .describe('Classifier-free guidance (Ho & Salimans 2022). Every guided step takes two passes of its model.');

const labels = withRules(
  z
    .strictObject({
      from: z
        .enum(['Uniform', 'Data', 'Listed'])
        .default('Uniform')
        .describe(
          "Uniform: every class in turn, so that each comes equally often. Data: drawn by the classes' frequencies in the data. Listed: those of list in turn.",
        ),
      list: z.array(integer(0, 99_999)).min(1).max(4096).optional().describe('Listed: labels, which may repeat.'),
    })
    .describe(
      'Which class each sample is to show. It follows from seed and number of the sample, not from the shards.',
    ),
  [
    {
      cel: "(self.from == 'Listed') == has(self.list)",
      message: 'list and Listed go together: set from to Listed and list labels, or leave list out',
      path: ['list'],
      check: (l) => (l.from === 'Listed') === (l.list !== undefined),
    },
  ],
);

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
      minStates: integer(1, 4096)
        .optional()
        .describe(
          'States that must have a model, at least, for the run to go on when models were given up; it then samples over those that exist and says so with every number. Where left out all must.',
        ),
      requiredStates: stateRange(
        'States without which the run does not go on, however many others there are: "30-31". It goes with minStates.',
      ).optional(),
      guidance,
      labels: labels.optional(),
      contexts: promptsSchema.optional(),
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
    {
      cel: '!has(self.requiredStates) || has(self.minStates)',
      message: 'requiredStates goes with minStates: without it every state is required',
      path: ['requiredStates'],
      check: (s) => s.requiredStates === undefined || s.minStates !== undefined,
    },
  ],
);

export type Sampling = z.output<typeof samplingSchema>;
