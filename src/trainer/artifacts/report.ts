import { z } from 'zod';
import { imageShapeSchema } from '../../api/spec/dataset.ts';
import { predictions } from '../../diffusion/prediction.ts';
import { latentScaleSchema } from '../data/latents.ts';
import { lossPointSchema } from './checkpoint.ts';
import { conditionsSchema } from './conditions.ts';
import { datasetReferenceSchema } from './dataset.ts';
import { findingSchema } from './finding.ts';
import { latentStateSchema, scheduleRecordSchema } from './latentState.ts';
import { preparedRecordSchema } from './prepared.ts';
import { fileRecordSchema } from './records.ts';

const fileName = z.string().regex(/^[a-z0-9-]+\.(html|png)$/); // a name, never a path

const { source, leftOut, broken, notices } = preparedRecordSchema.shape;

/** report.json: every number with what is needed to compare it. */
export const reportSchema = z.object({
  format: z.literal(2),
  run: z.object({ name: z.string(), namespace: z.string() }),
  bundle: z.object({ path: z.string(), digest: z.string() }),
  /** Folder of the shards that were drawn. */
  samples: z.object({ path: z.string() }).optional(),
  schedule: scheduleRecordSchema,
  image: imageShapeSchema,
  /** What the networks see instead of images, where it is latents of them. */
  latents: latentScaleSchema.optional(),
  /** What the models may be told besides x; none where left out. */
  conditions: conditionsSchema.optional(),
  /** What was learned from, where it came from and what was left out of it. */
  dataset: datasetReferenceSchema.extend({ source, leftOut, broken, notices }),
  sampling: z.object({
    sampler: z.string(),
    eta: z.number(),
    count: z.int(),
    shards: z.int(),
    batchSize: z.int(),
    seed: z.int(),
    clip: z.boolean(),
    start: z.string(),
    /** Where there is some: scale other than 1. */
    guidance: z.object({ scale: z.number(), states: z.string().optional() }).optional(),
    /** Where it was said which classes the samples are to show. */
    labels: z.object({ from: z.enum(['Uniform', 'Data', 'Listed']), list: z.array(z.int()).optional() }).optional(),
    /** Of all shards together. */
    seconds: z.number(),
  }),
  evaluation: z
    .object({
      /** In the order of the spec. */
      metrics: z.array(
        z.object({
          /** FID is the name of the Fréchet distance of one extractor only. */
          name: z.string(),
          value: z.number(),
          /** What else its computation tells, by name. */
          details: z.record(z.string(), z.number()),
        }),
      ),
      extractor: z.string(),
      extractorDigest: z.string(),
      dimensions: z.int(),
      sampleCount: z.int(),
      reference: z.object({ kind: z.enum(['dataset', 'file']), where: z.string(), count: z.int().nullable() }),
      /** What a reader should know before comparing the number with another. */
      caveats: z.array(z.string()),
      /** By class, samples that were drawn to show it, and those that the extractor takes for it, being a classifier. */
      classAgreement: z.array(z.object({ samples: z.int(), right: z.int() })).optional(),
    })
    .nullable(),
  models: z.array(
    z.object({
      index: z.int(),
      hash: z.string(),
      states: z.array(latentStateSchema),
      prediction: z.enum(predictions),
      digest: z.string(),
      images: z.int(),
      /** After warm-up; null where the model's own record has gone. */
      learningRate: z.number().nullable(),
      seconds: z.number().nullable(),
      /** What it was computed on; null where that is not known. */
      device: z.string().nullable(),
      losses: z.array(lossPointSchema),
    }),
  ),
  /** Where states have no model: how many there are in all, which have none, and what that does to the samples. */
  coverage: z
    .object({ states: z.int(), missing: z.array(latentStateSchema).min(1), caveats: z.array(z.string()) })
    .optional(),
  /** Failure signatures, the most telling first. */
  findings: z.array(findingSchema),
  /** What computed the features and the distance. */
  software: z.object({ node: z.string(), tensorflow: z.string(), threads: z.int(), device: z.string() }),
  /** The page and its pictures, by name; none until they are made. */
  files: z.record(fileName, fileRecordSchema).optional(),
});

export type Report = z.output<typeof reportSchema>;
