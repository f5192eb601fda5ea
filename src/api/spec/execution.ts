import { z } from 'zod';
import type { Component } from '../names.ts';
import { integer, objectName } from '../rules.ts';
import { jobTemplateSchema } from './jobTemplate.ts';
import { podTemplateSchema } from './podTemplate.ts';
import { resourcesSchema } from './resources.ts';
import { stateRange } from './stateRange.ts';

export type { PodTemplate } from './podTemplate.ts';
export type { Resources } from './resources.ts';

const step = (whose: string) =>
  z.strictObject({ podTemplate: podTemplateSchema.optional() }).optional().describe(whose);

const stepsSchema = z
  .strictObject({
    prepare: step('The pod that reads and checks the data.'),
    train: step("Pods that train models; an override's podTemplate is merged after this one."),
    aggregate: step('The pod that verifies the models and bundles them.'),
    sample: step('Pods that draw samples.'),
    evaluate: step('The pod that writes the report.'),
  } satisfies Record<Component, z.ZodType>)
  .prefault({})
  .describe("Pods of one step only. A step's podTemplate is merged after execution.podTemplate.");

export const executionSchema = z
  .strictObject({
    states: stateRange(
      'The states whose models this run trains: "0-15", 0 being the cleanest; all where left out. Whole models only. Runs of one name and spec on other clusters, which write to the same store, train the others.',
    ).optional(),
    aggregate: z
      .boolean()
      .default(true)
      .describe(
        "Whether this run goes on once its models are trained: it waits for the others' models in the store, then aggregates, samples and evaluates. A run that does not is complete when its models are trained.",
      ),
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
    aggregation: z
      .strictObject({
        claimsPerWave: integer(1, 250)
          .default(16)
          .describe(
            "Models' claims that one pod mounts to collect their models, with checkpoints.volume.perModel: no more than a node can attach beside others. Waves follow one another.",
          ),
      })
      .prefault({})
      .describe('How models are gathered for the bundle.'),
    queueName: objectName.max(63).optional().describe('Kueue LocalQueue that admits each Job.'),
    image: z.string().min(1).max(512).optional().describe("Trainer image; the operator's default where left out."),
    resources: resourcesSchema.prefault({}),
    podTemplate: podTemplateSchema.optional(),
    steps: stepsSchema,
    jobTemplate: jobTemplateSchema.optional(),
  })
  .prefault({})
  .describe('How the pods run. Nothing here changes what is trained.');
