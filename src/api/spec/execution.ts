import { z } from 'zod';
import { integer, objectName } from '../rules.ts';
import { jobTemplateSchema } from './jobTemplate.ts';
import { podTemplateSchema } from './podTemplate.ts';
import { resourcesSchema } from './resources.ts';

export type { PodTemplate } from './podTemplate.ts';
export type { Resources } from './resources.ts';

export const executionSchema = z
  .strictObject({
    maxParallel: integer(1, 4096).default(8).describe('Models that may be in training at once.'),
    retries: z
      .strictObject({
        perModel: integer(0, 1000)
          .default(3)
          .describe('Failed pods that one model, or another step, may have before it is given up.'),
        total: integer(0, 100_000).default(10).describe('Failed pods that the whole run may have.'),
      })
      .prefault({})
      .describe('Disruptions (evictions, preemptions, deleted pods) are not counted.'),
    deadlines: z
      .strictObject({
        modelSeconds: integer(1)
          .optional()
          .describe('Longest time in seconds that one model may take, all attempts together.'),
        runSeconds: integer(1).optional().describe('Longest time in seconds from start to end of the run.'),
      })
      .prefault({})
      .describe('Time limits; none by default.'),
    queueName: objectName.max(63).optional().describe('Kueue LocalQueue that admits each Job.'),
    image: z.string().min(1).max(512).optional().describe("Trainer image; the operator's default where left out."),
    resources: resourcesSchema.prefault({}),
    podTemplate: podTemplateSchema.optional(),
    jobTemplate: jobTemplateSchema.optional(),
  })
  .prefault({})
  .describe('How the pods run. Nothing here changes what is trained.');
