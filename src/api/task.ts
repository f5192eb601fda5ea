import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { DdrError } from './errors.ts';
import { describeIssues } from './run.ts';
import { datasetSchema, imageSchema } from './spec/dataset.ts';
import { evaluationSchema } from './spec/evaluation.ts';
import { modelSchema } from './spec/model.ts';
import { samplingSchema } from './spec/sampling.ts';
import { trainingSchema } from './spec/training.ts';

/**
 * What the operator asks of a trainer process, as JSON in the environment variable DDR_TASK. Paths are relative to the
 * folders that DDR_RUN_DIR, DDR_DATA_DIR, DDR_REFERENCE_DIR and DDR_WEIGHTS_DIR name.
 */
export const taskVariable = 'DDR_TASK';

const hash = z.string().regex(/^[0-9a-f]{16}$/);

/** A latent state: index (0 the cleanest), timestep τ in the T-schedule, and its ᾱ. */
export const latentStateSchema = z.strictObject({
  state: z.int().min(0),
  timestep: z.int().min(0),
  alphaBar: z.number().gt(0).lt(1),
});

/** Folder of the run on its volume, `runs/<name>`. */
const directory = z.string().regex(/^runs\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

export const trainTaskSchema = z.strictObject({
  kind: z.literal('train'),
  directory,
  index: z.int().min(0),
  hash,
  states: z.array(latentStateSchema).min(1),
  /** T, which the time embedding is scaled to. */
  timesteps: z.int().min(1),
  dataset: datasetSchema,
  model: modelSchema,
  training: trainingSchema,
  checkpoints: z.strictObject({ everyImages: z.int().min(1), keep: z.int().min(1) }),
});

export const aggregateTaskSchema = z.strictObject({
  kind: z.literal('aggregate'),
  directory,
  /** Of the bundle. */
  hash,
  image: imageSchema,
  timesteps: z.int().min(1),
  family: z.string(),
  alphas: z.string(),
  dataset: datasetSchema,
  models: z
    .array(
      z.strictObject({
        index: z.int().min(0),
        hash,
        states: z.array(latentStateSchema).min(1),
        model: modelSchema,
        prediction: trainingSchema.unwrap().shape.prediction,
      }),
    )
    .min(1),
});

/** Which extractor computes features, and where its weights are. */
export const extractorSchema = evaluationSchema.shape.extractor;

export const sampleTaskSchema = z.strictObject({
  kind: z.literal('sample'),
  directory,
  /** Of the samples: bundle, sampler, count, seed. */
  hash,
  bundle: hash,
  sampling: samplingSchema,
  /** CPU threads of TensorFlow. */
  threads: z.int().min(1),
  extractor: extractorSchema.optional(),
});

export const evaluateTaskSchema = z.strictObject({
  kind: z.literal('evaluate'),
  directory,
  /** Of the report. */
  hash,
  run: z.strictObject({ name: z.string(), namespace: z.string() }),
  bundle: hash,
  samples: hash,
  sampling: samplingSchema,
  threads: z.int().min(1),
  dataset: datasetSchema,
  evaluation: evaluationSchema.optional(),
});

export const taskSchema = z.discriminatedUnion('kind', [
  trainTaskSchema,
  aggregateTaskSchema,
  sampleTaskSchema,
  evaluateTaskSchema,
]);

export type LatentState = z.output<typeof latentStateSchema>;
export type TrainTask = z.output<typeof trainTaskSchema>;
export type AggregateTask = z.output<typeof aggregateTaskSchema>;
export type SampleTask = z.output<typeof sampleTaskSchema>;
export type EvaluateTask = z.output<typeof evaluateTaskSchema>;
export type Extractor = z.output<typeof extractorSchema>;
export type Task = z.output<typeof taskSchema>;

/** Linux gives one variable at most 128 KiB; a task of hundreds of models is longer and is packed. */
const longestPlain = 64_000;
/** What is still longer goes on in DDR_TASK_2, DDR_TASK_3 and so on. */
const longestPart = 100_000;
const packedPrefix = 'gzip:';
const largestTask = 64 * 2 ** 20;

/** A task as text: JSON, or gzipped JSON in base64 where that would be too long. */
export function renderTask(task: Task): string {
  const text = JSON.stringify(task).replaceAll('$', '\\u0024'); // Kubernetes reads $$ and $(NAME) in variables
  return text.length <= longestPlain ? text : packedPrefix + gzipSync(text, { level: 9 }).toString('base64');
}

const partName = (part: number) => (part === 0 ? taskVariable : `${taskVariable}_${part + 1}`);

/** A task as variables of the environment. */
export function taskVariables(task: Task): { name: string; value: string }[] {
  const text = renderTask(task);
  return Array.from({ length: Math.ceil(text.length / longestPart) }, (_, part) => ({
    name: partName(part),
    value: text.slice(part * longestPart, (part + 1) * longestPart),
  }));
}

/** The text of a task from the variables of the environment; undefined where there is none. */
export function taskOfEnvironment(variables: { [name: string]: string | undefined }): string | undefined {
  let text = variables[taskVariable];
  for (let part = 1; text !== undefined && variables[partName(part)] !== undefined; part++)
    text += variables[partName(part)];
  return text;
}

function unpack(text: string): string {
  if (!text.startsWith(packedPrefix)) return text;
  return gunzipSync(Buffer.from(text.slice(packedPrefix.length), 'base64'), { maxOutputLength: largestTask }).toString(
    'utf8',
  );
}

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
    json = JSON.parse(unpack(text));
  } catch (cause) {
    throw new DdrError('InvalidTask', 'the task is not JSON', { where, cause });
  }
  const parsed = taskSchema.safeParse(json);
  if (!parsed.success) throw new DdrError('InvalidTask', describeIssues(parsed.error).join('; '), { where });
  return parsed.data;
}
