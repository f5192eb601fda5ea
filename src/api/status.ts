import { z } from 'zod';
import { integer } from './rules.ts';
import { signatureNames } from './signatures.ts';

export const phases = [
  'Pending',
  'Preparing',
  'Training',
  'Aggregating',
  'Sampling',
  'Evaluating',
  'Blocked',
  'Complete',
  'Suspended',
  'Cancelled',
  'Failed',
] as const;

/**
 * Conditions, always all present once the run has been seen. `Ready`, `Reconciling`, `Stalled` are kstatus' contract.
 * `QualityConcern` is True where a failure signature was found, False where none was, Unknown before the report; it stops nothing.
 */
export const conditionTypes = [
  'Ready',
  'Reconciling',
  'Stalled',
  'ScheduleReachesNoise',
  'QualityConcern',
  'Prepared',
  'Trained',
  'Aggregated',
  'Sampled',
  'Evaluated',
  'Suspended',
  'Failed',
  'Complete',
] as const;

const conditionSchema = z
  .object({
    type: z.enum(conditionTypes).describe('What it is about.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    reason: z.string().max(1024).describe('One word in CamelCase for programs.'),
    message: z.string().max(32_768).describe('A sentence for people.'),
    lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When status last changed.'),
    observedGeneration: integer(0).optional().describe('Generation of the spec that it was computed from.'),
  })
  .describe('A condition as Kubernetes defines it.');

const count = (text: string) => z.int().min(0).describe(text);

export const statusSchema = z
  .object({
    observedGeneration: count('Generation of the spec that this status was computed from.').optional(),
    observedRetryAt: z
      .string()
      .max(1024)
      .optional()
      .describe('Value of the annotation tspace.dev/retry-at that this status was computed with.'),
    phase: z.enum(phases).optional().describe('Where the run is.'),
    reason: z
      .string()
      .max(1024)
      .optional()
      .describe('Why it is Blocked or Failed: a reason of conditions, or what Kubernetes says of its pod.'),
    conditions: z
      .array(conditionSchema)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
      .optional()
      .describe('Conditions; one of each type.'),
    startedAt: z
      .string()
      .meta({ format: 'date-time' })
      .optional()
      .describe('When the first child was created, or a failed run was tried again.'),
    finishedAt: z.string().meta({ format: 'date-time' }).optional().describe('When the run came to its end.'),
    models: z
      .object({
        total: count('K, the number of models; with execution.states those that this run trains.'),
        pending: count('Models that wait for a slot.'),
        active: count('Models with a Job that has not ended.'),
        done: count('Trained models.'),
        failed: count('Models that were given up.'),
        summary: z
          .string()
          .describe('done/total, as kubectl get shows it; "8/8 of 16" where this run trains 8 of 16 models.'),
        share: z.string().optional().describe('States whose models this run trains, where not all.'),
        awaited: count(
          'Models of other clusters that are not in the store yet, as the aggregate pod saw last; only while it waits.',
        ).optional(),
        retries: count('Failed pods so far, disruptions not counted.'),
        states: z
          .object({
            pending: z.string().optional().describe('States that wait.'),
            active: z.string().optional().describe('States in training.'),
            done: z.string().optional().describe('States trained.'),
            failed: z.string().optional().describe('States given up.'),
          })
          .describe('Ranges of states by phase of their model, such as "0-11,13".'),
      })
      .optional()
      .describe('The models by phase.'),
    progress: z
      .object({
        images: count('Images trained on so far, all models together.'),
        imagesTotal: count('Images to train on, all models together.'),
        percent: z.int().min(0).max(100).describe('images of imagesTotal.'),
        imagesPerSecond: z.number().min(0).optional().describe('Speed of the pods that run now, together.'),
        etaSeconds: count('Seconds until training ends at this speed.').optional(),
      })
      .optional()
      .describe('Progress of training.'),
    failures: z
      .array(
        z.object({
          job: z.string().describe('The Job.'),
          pod: z.string().optional().describe('Its last pod.'),
          attempt: z
            .string()
            .optional()
            .describe('Of what is tried again: which attempt failed, of how many, such as "2 of 4".'),
          states: z.string().optional().describe('Range of states of its model.'),
          reason: z.string().describe("The error's code, or Kubernetes' reason."),
          message: z.string().max(4096).describe('What was wrong and what to do.'),
          log: z.array(z.string()).max(20).optional().describe('The last lines that the pod logged.'),
        }),
      )
      .max(10)
      .optional()
      .describe('What failed, cannot start, or failed and is tried again; at most ten.'),
    dataset: z
      .object({
        preparedBy: z.string().describe('Address of the prepare step that found it.'),
        path: z.string().describe('Folder of the prepared images on the volume.'),
        digest: z.string().describe('sha256 of their shape and pixels.'),
        previousDigest: z
          .string()
          .optional()
          .describe('Digest that the same source had when it was read before, where it was another.'),
        count: count('Images.'),
        leftOut: count('Files of the source that are no images.'),
        broken: count('Images that could not be decoded and were left out.'),
        notices: z.array(z.string().max(1024)).max(5).optional().describe('What to know about the data.'),
        referenceDigest: z.string().optional().describe('sha256 of the reference statistics.'),
        weightsDigest: z.string().optional().describe("sha256 of the extractor's weights."),
        promptsDigest: z.string().optional().describe('sha256 of the contexts that samples are drawn to.'),
        codecDigest: z.string().optional().describe("sha256 of the codec's config.json and weights."),
        warmStartDigest: z.string().optional().describe('sha256 of the weights that models begin from.'),
      })
      .optional()
      .describe('The data as they are learned from.'),
    bundle: z
      .object({
        path: z.string().describe('Folder on the volume.'),
        digest: z.string().describe('sha256 of its manifest.json.'),
        coverage: z
          .string()
          .optional()
          .describe('States that have a model, such as "30 of 32 states", where models were given up.'),
      })
      .optional()
      .describe('The K models with the manifest that makes them one sampler.'),
    results: z
      .object({
        path: z.string().describe('Folder of the report on the volume.'),
        digest: z.string().describe('sha256 of report.json.'),
        sampleCount: count('Samples drawn.'),
        metric: z.string().optional().describe('FID, or Fréchet distance where the extractor is another network.'),
        frechetDistance: z.number().optional().describe('The distance; lower is better.'),
        display: z
          .string()
          .optional()
          .describe('The first metric as kubectl get shows it, with the coverage where states have no model.'),
        coverage: z
          .string()
          .optional()
          .describe(
            'States that had a model when the samples were drawn, such as "30 of 32 states", where not all had.',
          ),
        metrics: z
          .array(
            z.object({
              name: z.string().describe('FID, or Fréchet distance where the extractor is another network.'),
              value: z.number().describe('The number.'),
            }),
          )
          .max(8)
          .optional()
          .describe('Every metric that was asked for.'),
        caveats: z
          .array(z.string().max(1024))
          .max(5)
          .optional()
          .describe('What to know before comparing the numbers with others.'),
        findings: z
          .array(
            z.object({
              signature: z.enum(signatureNames).describe('Which one; the most telling comes first.'),
              message: z.string().max(1024).describe('What was seen, and what to do.'),
            }),
          )
          .max(signatureNames.length)
          .optional()
          .describe(
            'Failure signatures in losses and samples, which the report has with their numbers; none where they were looked for and not found.',
          ),
        extractor: z.string().optional().describe('Whose features were compared.'),
        extractorDigest: z.string().optional().describe("sha256 of the extractor's weights."),
        referenceCount: count('Images behind the reference statistics, where known.').optional(),
      })
      .optional()
      .describe('What the last step reported.'),
  })
  .describe('Where the run is. Its size does not grow with S.');

export type Phase = (typeof phases)[number];
export type ConditionType = (typeof conditionTypes)[number];
export type Condition = z.output<typeof conditionSchema>;
export type RunStatus = z.output<typeof statusSchema>;

/** Phases that a run does not leave by itself. */
const terminalPhases = ['Complete', 'Failed', 'Cancelled'] as const satisfies readonly Phase[];

export const isTerminal = (phase: Phase): boolean => (terminalPhases as readonly Phase[]).includes(phase);
