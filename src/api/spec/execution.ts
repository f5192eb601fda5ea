import { z } from 'zod';
import { integer, objectName, quantity } from '../rules.ts';

/** Merged into the pods; its schema is Kubernetes' own, which is too large to embed (argo-cd#11074). */
export const podTemplateSchema = z
  .looseObject({
    metadata: z
      .looseObject({
        labels: z.record(z.string(), z.string()).optional(),
        annotations: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
    spec: z.looseObject({}).optional(),
  })
  .meta({ 'x-kubernetes-preserve-unknown-fields': true })
  .describe(
    'A PodTemplate that is merged into every pod; containers are matched by name (the container is called "trainer").',
  );

/** Labels and annotations of Jobs, for those who admit or count Jobs and not pods: Kueue's priority class, say. */
export const jobTemplateSchema = z
  .strictObject({
    metadata: z
      .strictObject({
        labels: z.record(z.string(), z.string()).optional().describe('Labels of every Job.'),
        annotations: z.record(z.string(), z.string()).optional().describe('Annotations of every Job.'),
      })
      .optional()
      .describe("Metadata of every Job; the operator's own labels win."),
  })
  .describe('What every Job carries besides.');

const resourceList = z.record(
  z.string().max(253),
  z.union([quantity, integer(0, Number.MAX_SAFE_INTEGER)], {
    error: 'must be a Kubernetes quantity: a whole number, or text such as "500m" or "20Gi"',
  }),
);

export const resourcesSchema = z
  .strictObject({
    limits: resourceList.optional().describe('Limits by resource name, such as nvidia.com/gpu or memory.'),
    requests: resourceList.optional().describe('Requests by resource name.'),
  })
  .describe(
    'Resources of training and sampling pods. Aggregation and evaluation get the same without extended resources such as GPUs.',
  );

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

export type PodTemplate = z.output<typeof podTemplateSchema>;
export type Resources = z.output<typeof resourcesSchema>;
export type Execution = z.output<typeof executionSchema>;
