import { compact } from '../../api/compact.ts';
import { runDirectory } from '../../api/layout.ts';
import { type Component, components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { encodes } from '../../api/spec/codec.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { ConditionType, Phase, RunStatus } from '../../api/status.ts';
import type { Task } from '../../api/task.ts';
import { type Child, countOf, isDone, type WantedJob } from './child.ts';
import { type Addresses, childNames, type ModelPlan, warmStartOf } from './identity.ts';
import { type Judgement, no, yes } from './judgement.ts';

/** Claims besides the run's own, which every step has. */
export type Mount = 'data' | 'reference' | 'weights' | 'codec' | 'warmstart';

/** All that is known of a step of the pipeline. Its name is also its trainer subcommand, its kind of task and its Jobs' component. */
export interface Step {
  condition: ConditionType;
  /** Of a run that is at this step. */
  phase: Phase;
  /** Whether its Jobs' addresses are known only once the data have been read. */
  followsFromData: boolean;
  /** Whether its pods get resources such as GPUs. */
  usesGpus: (run: Run) => boolean;
  mounts: readonly Mount[];
  /** Field of the status that comes from the termination message of its pod. */
  reports: 'dataset' | 'bundle' | 'results' | undefined;
  jobs: (run: Run, models: readonly ModelPlan[], addresses: Addresses) => WantedJob[];
  judge: (children: readonly Child[], dataset: RunStatus['dataset']) => Judgement;
}

/** What the condition of a step of one Job says. */
function texts(done: string, active: string, waiting: string): Step['judge'] {
  return (children) => {
    if (isDone(children)) return yes('Done', done);
    if (countOf(children, 'failed') > 0) return no('Failed', 'The Job failed.');
    return countOf(children, 'active') > 0 ? no('Running', active) : no('Waiting', waiting);
  };
}

function judgePrepared(children: readonly Child[], dataset: RunStatus['dataset']): Judgement {
  if (dataset === undefined) {
    if (countOf(children, 'failed') > 0) {
      const isSilent = children.some(({ job }) => job?.finished === 'Complete');
      return isSilent
        ? no('ResultUnknown', 'The Job succeeded, and did not say what it found.')
        : no('Failed', 'The Job failed.');
    }
    return countOf(children, 'absent') > 0
      ? no('Waiting', 'Waits for its Job.')
      : no('Running', 'The data are being read and checked.');
  }
  const { count, digest, leftOut, broken } = dataset;
  const without = leftOut + broken === 0 ? '' : `; ${leftOut} other files and ${broken} broken images are left out`;
  return yes('Done', `${count} images are prepared, sha256 ${digest.slice(0, 16)}…${without}.`);
}

function judgeTrained(models: readonly Child[]): Judgement {
  const failed = countOf(models, 'failed');
  const text = `${countOf(models, 'done')} of ${models.length} models are trained`;
  if (isDone(models)) return yes('AllTrained', `${text}.`);
  if (failed > 0) return no('ModelFailed', `${text}, ${failed} failed.`);
  return no(countOf(models, 'active') > 0 ? 'Training' : 'Waiting', `${text}.`);
}

const common = ({ metadata }: Run, hash: string) => ({ directory: runDirectory(metadata.name), hash });
const nameOf = ({ metadata }: Run, step: Component, hash: string) => childNames(metadata.name).step(step, hash);

/** What the pods stream that read the images; nothing where those are in the store. */
const streamed = ({ spec: { dataset } }: Run) => (dataset.prepare === 'Copy' ? undefined : dataset);

/** The codec of a run that has one with files of its own. */
const codecOf = ({ spec: { codec } }: Run) => (codec.name === 'Pixels' ? undefined : codec);

const table = {
  prepare: {
    condition: 'Prepared',
    phase: 'Preparing',
    followsFromData: false,
    usesGpus: ({ spec }) => encodes(spec),
    mounts: ['data', 'reference', 'weights', 'codec', 'warmstart'],
    reports: 'dataset',
    jobs: (run, _models, { prepare: hash }) => {
      const { dataset, evaluation, sampling, training } = run.spec;
      const threads = encodes(run.spec) ? training.threads : undefined;
      const own = { dataset, evaluation, prompts: sampling.contexts, codec: codecOf(run), threads };
      const warmStart = warmStartOf(run.spec);
      const task = compact({ kind: 'prepare' as const, ...common(run, hash), ...own, warmStart });
      return [{ step: 'prepare', name: nameOf(run, 'prepare', hash), hash, task }];
    },
    judge: judgePrepared,
  },
  train: {
    condition: 'Trained',
    phase: 'Training',
    followsFromData: true,
    usesGpus: () => true,
    mounts: ['warmstart'],
    reports: undefined,
    jobs: (run, models, { dataset, models: hashes, warmStartDigest }) => {
      const { schedule, checkpoints } = run.spec;
      const { everyImages, keep } = checkpoints;
      const names = childNames(run.metadata.name);
      return models.map((plan) => {
        const { index, settings } = plan;
        const { model, training } = settings;
        const hash = hashes[index] ?? '';
        const own = { index, schedule, dataset, model, training, warmStartDigest, checkpoints: { everyImages, keep } };
        const task = compact({ kind: 'train' as const, ...common(run, hash), ...own, stream: streamed(run) });
        return { step: 'train', name: names.model(index, hash), hash, task, model: plan };
      });
    },
    judge: judgeTrained,
  },
  aggregate: {
    condition: 'Aggregated',
    phase: 'Aggregating',
    followsFromData: true,
    usesGpus: () => false,
    mounts: [],
    reports: 'bundle',
    jobs: (run, _models, { dataset, models, bundle: hash }) => {
      const task = { kind: 'aggregate' as const, ...common(run, hash), dataset, models: [...models] };
      return [{ step: 'aggregate', name: nameOf(run, 'aggregate', hash), hash, task }];
    },
    judge: texts(
      'The models are one bundle.',
      'The models are being verified and bundled.',
      'Waits until all models are trained.',
    ),
  },
  sample: {
    condition: 'Sampled',
    phase: 'Sampling',
    followsFromData: true,
    usesGpus: () => true,
    mounts: ['weights', 'codec'],
    reports: undefined,
    jobs: (run, _models, { prepare, bundle, samples: hash, sampleJob, codecDigest }) => {
      const { sampling, training, evaluation } = run.spec;
      const prepared = sampling.contexts && prepare;
      const own = { bundle, prepared, sampling, threads: training.threads, extractor: evaluation?.extractor };
      const codec = { codec: codecOf(run), codecDigest };
      const task = compact({ kind: 'sample' as const, ...common(run, hash), ...own, ...codec });
      return [{ step: 'sample', name: nameOf(run, 'sample', sampleJob), hash, task, shards: sampling.shards }];
    },
    judge: texts('The samples are drawn.', 'Samples are being drawn.', 'Waits for the bundle.'),
  },
  evaluate: {
    condition: 'Evaluated',
    phase: 'Evaluating',
    followsFromData: true,
    usesGpus: () => false,
    mounts: ['reference', 'weights'],
    reports: 'results',
    jobs: (run, _models, { prepare, dataset, bundle, samples, report: hash }) => {
      const { name, namespace } = run.metadata;
      const { sampling, training, evaluation } = run.spec;
      const inputs = { run: { name, namespace }, prepared: prepare, dataset, bundle, samples };
      const stream = evaluation?.reference.fromDataset && streamed(run);
      const own = { ...inputs, sampling, threads: training.threads, evaluation, stream };
      const task = compact({ kind: 'evaluate' as const, ...common(run, hash), ...own });
      return [{ step: 'evaluate', name: nameOf(run, 'evaluate', hash), hash, task }];
    },
    judge: texts('The report is written.', 'The report is being written.', 'Waits for the samples.'),
  },
} satisfies Record<Component, Step>;

export type StepCondition = (typeof table)[Component]['condition'];

/** The pipeline, in the order of {@link components}. Whatever is to be known of a step is looked up here by its name. */
export const steps: Readonly<Record<Component, Step & { condition: StepCondition }>> = table;

/** The data that a task streams; undefined where it reads none, or those of the store. */
export const streamOf = (task: Task): Dataset | undefined => ('stream' in task ? task.stream : undefined);

/** The claims that a task's pod reads; the data are one of them also where they are no claim. */
export const mountsOf = (task: Task): readonly Mount[] => {
  const { mounts } = steps[task.kind];
  return streamOf(task) === undefined ? mounts : [...mounts, 'data'];
};

/** The step whose end is the run's. */
export const lastStep: Component = components[components.length - 1] as Component;
