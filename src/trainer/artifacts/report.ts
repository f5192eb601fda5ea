import { z } from 'zod';
import { latentStateSchema } from '../../api/task.ts';
import { lossPointSchema } from './checkpoint.ts';

/** report.json: every number with what is needed to compare it. */
export const reportSchema = z.object({
  format: z.literal(1),
  run: z.object({ name: z.string(), namespace: z.string() }),
  bundle: z.object({ path: z.string(), digest: z.string() }),
  schedule: z.object({ family: z.string(), alphas: z.string(), timesteps: z.int() }),
  image: z.object({ size: z.int(), channels: z.int() }),
  dataset: z.object({ count: z.int(), sha256: z.string() }),
  sampling: z.object({
    sampler: z.string(),
    eta: z.number(),
    count: z.int(),
    shards: z.int(),
    batchSize: z.int(),
    seed: z.int(),
    clip: z.boolean(),
    start: z.string(),
    /** Of all shards together. */
    seconds: z.number(),
  }),
  evaluation: z
    .object({
      /** FID is the name of the distance of one extractor only. */
      metric: z.enum(['FID', 'Fréchet distance']),
      distance: z.number(),
      /** Of the matrix whose root is taken; by how far rounding took it below 0. */
      smallestEigenvalue: z.number(),
      extractor: z.string(),
      extractorDigest: z.string(),
      dimensions: z.int(),
      sampleCount: z.int(),
      reference: z.object({ kind: z.enum(['dataset', 'file']), where: z.string(), count: z.int().nullable() }),
      /** What a reader should know before comparing the number with another. */
      caveats: z.array(z.string()),
    })
    .nullable(),
  models: z.array(
    z.object({
      index: z.int(),
      hash: z.string(),
      states: z.array(latentStateSchema),
      prediction: z.string(),
      digest: z.string(),
      images: z.int(),
      seconds: z.number().nullable(),
      losses: z.array(lossPointSchema),
    }),
  ),
  /** What computed the features and the distance. */
  software: z.object({ node: z.string(), tensorflow: z.string(), threads: z.int() }),
});

export type Report = z.output<typeof reportSchema>;
