import { z } from 'zod';
import { predictions } from '../diffusion/prediction.ts';
import { DdrError } from './errors.ts';
import type { Component } from './names.ts';
import { describeIssues } from './run.ts';
import { codecFields } from './spec/codec.ts';
import { promptsSchema } from './spec/conditions.ts';
import { datasetSchema } from './spec/dataset.ts';
import { evaluationSchema } from './spec/evaluation.ts';
import { modelSchema } from './spec/model.ts';
import { samplingSchema } from './spec/sampling.ts';
import { scheduleSchema } from './spec/schedule.ts';
import { volumePathSchema } from './spec/source.ts';
import { trainingSchema } from './spec/training.ts';

/**
 * What the operator asks of a trainer process, as JSON in the environment variable DDR_TASK. It names what it works on by
 * addresses; the records in the store say the rest, so that any task fits one variable, of 128 KiB at most on Linux.
 */
export const taskVariable = 'DDR_TASK';

const address = z.string().regex(/^[0-9a-f]{16}$/);

/** Of a prepared dataset: the first digits of its digest, and where it is an index of shards, those of the index. */
const datasetFolder = z.string().regex(/^[0-9a-f]{16}(-[0-9a-f]{16})?$/);

/** What every task has: the run's folder, `runs/<name>`, and the address of what it makes. */
const common = {
  directory: z.string().regex(/^runs\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
  hash: address,
};

/** Where models begin from weights that exist: where those are, and what is to begin from them. */
const warmStartSchema = z.strictObject({
  volume: volumePathSchema,
  schedule: scheduleSchema,
  /** Each network once, with the models that have it. */
  networks: z.array(
    z.strictObject({ model: modelSchema, prediction: z.enum(predictions), models: z.array(z.int().min(0)) }),
  ),
});

/** Reads, checks and writes the data as they will be learned from, and checks what the evaluation will read. */
const prepareTaskSchema = z.strictObject({
  kind: z.literal('prepare'),
  ...common,
  dataset: datasetSchema,
  evaluation: evaluationSchema.optional(),
  /** Contexts that samples are to be drawn to. */
  prompts: promptsSchema.optional(),
  /** Where networks see latents. */
  codec: codecFields.optional(),
  /** CPU threads of TensorFlow, where images are encoded. */
  threads: z.int().min(1).optional(),
  warmStart: warmStartSchema.optional(),
  /** States of the run's share, where it trains not all: runs of other shares prepare the same data into the same store. */
  share: z
    .string()
    .regex(/^[0-9-]+$/)
    .optional(),
});

/** Where the dataset is an index: what its images are streamed from. */
const streamed = { stream: datasetSchema.optional() };

const trainTaskSchema = z.strictObject({
  kind: z.literal('train'),
  ...common,
  /** Which of the K models; with the schedule it says which latent states. */
  index: z.int().min(0),
  schedule: scheduleSchema,
  /** Address of the prepared dataset. */
  dataset: datasetFolder,
  ...streamed,
  model: modelSchema,
  training: trainingSchema,
  /** sha256 of what training.warmStart names, as it was when the data were prepared. */
  warmStartDigest: z.string().optional(),
  /** Where the store is the model's own and has no dataset: what the run's prepare step has read, to be prepared in it anew. */
  source: z.strictObject({ prepared: address, dataset: datasetSchema, codec: codecFields.optional() }).optional(),
  checkpoints: z.strictObject({ everyImages: z.int().min(1), keep: z.int().min(1) }),
});

/** Copies trained models from claims of their own, as many as one pod mounts, to where aggregation finds them. */
const collectTaskSchema = z.strictObject({
  kind: z.literal('collect'),
  ...common,
  models: z
    .array(
      z.strictObject({
        index: z.int().min(0),
        hash: address,
        /** Whether its claim is there and mounted; else it was collected before. */
        mounted: z.boolean(),
      }),
    )
    .min(1),
});

const aggregateTaskSchema = z.strictObject({
  kind: z.literal('aggregate'),
  ...common,
  dataset: datasetFolder,
  /** Addresses of the K models, in their order; null for one that was given up and is left out. */
  models: z.array(address.nullable()).min(1),
  /** Says which states those have that are left out; only where there are some. */
  schedule: scheduleSchema.optional(),
  /** Models that this run trains, where it does not train all: the others are waited for. */
  own: z.strictObject({ first: z.int().min(0), last: z.int().min(0) }).optional(),
});

/** Which extractor computes features, and where its weights are. */
const extractorSchema = evaluationSchema.shape.extractor;

const sampleTaskSchema = z.strictObject({
  kind: z.literal('sample'),
  ...common,
  bundle: address,
  /** Address of the prepare step, beside whose record the contexts of the samples lie, where there are some. */
  prepared: address.optional(),
  sampling: samplingSchema,
  /** CPU threads of TensorFlow. */
  threads: z.int().min(1),
  extractor: extractorSchema.optional(),
  /** What makes pictures of latents, and sha256 of its files as they were when the data were prepared. */
  codec: codecFields.optional(),
  codecDigest: z.string().optional(),
});

const evaluateTaskSchema = z.strictObject({
  kind: z.literal('evaluate'),
  ...common,
  run: z.strictObject({ name: z.string(), namespace: z.string() }),
  /** Address of the prepare step, whose record says where the data came from and what was left out. */
  prepared: address,
  dataset: datasetFolder,
  ...streamed,
  bundle: address,
  samples: address,
  sampling: samplingSchema,
  threads: z.int().min(1),
  evaluation: evaluationSchema.optional(),
});

export const taskSchema = z.discriminatedUnion('kind', [
  prepareTaskSchema,
  trainTaskSchema,
  collectTaskSchema,
  aggregateTaskSchema,
  sampleTaskSchema,
  evaluateTaskSchema,
]);

export type WarmStartTask = z.output<typeof warmStartSchema>;
export type PrepareTask = z.output<typeof prepareTaskSchema>;
export type TrainTask = z.output<typeof trainTaskSchema>;
export type CollectTask = z.output<typeof collectTaskSchema>;
export type AggregateTask = z.output<typeof aggregateTaskSchema>;
export type SampleTask = z.output<typeof sampleTaskSchema>;
export type EvaluateTask = z.output<typeof evaluateTaskSchema>;
export type Extractor = z.output<typeof extractorSchema>;
export type Task = z.output<typeof taskSchema>;

/** The step of the pipeline that a task is of. Models are collected so that they can be aggregated. */
export const stepOf = ({ kind }: Pick<Task, 'kind'>): Component => (kind === 'collect' ? 'aggregate' : kind);

/** JSON as the text of a variable, in which Kubernetes would read $$ and $(NAME). */
export const renderJson = (value: object): string => JSON.stringify(value).replaceAll('$', '\\u0024');

/** A task as the text of its variable. */
export const renderTask = (task: Task): string => renderJson(task);

/**
 * Reads the task of this process.
 * @throws DdrError InvalidTask where it is missing or malformed
 */
export function parseTask(text: string | undefined): Task {
  const where = `environment variable ${taskVariable}`;
  if (text === undefined) {
    throw new DdrError('InvalidTask', 'there is no task', {
      where,
      hint: 'The operator and `ddr run` set it; `ddr render FILE` shows the tasks of a run.',
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DdrError('InvalidTask', 'the task is not JSON', { where, cause });
  }
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) throw new DdrError('InvalidTask', describeIssues(parsed.error).join('; '), { where });
  return parsed.data;
}
