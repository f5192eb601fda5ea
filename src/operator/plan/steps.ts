import { compact } from '../../api/compact.ts';
import { runDirectory } from '../../api/layout.ts';
import type { Component } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { encodes } from '../../api/spec/codec.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { ConditionType, Phase, RunStatus } from '../../api/status.ts';
import { stepOf, type Task } from '../../api/task.ts';
import { type Child, countOf, isDone, type WantedJob } from './child.ts';
import { type Addresses, childNames, type ModelPlan, warmStartOf } from './identity.ts';
import { type Judgement, no, yes } from './judgement.ts';
import { isOwn, ownModels, shareOf } from './share.ts';
import { wavesOf } from './waves.ts';

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
  /** Whether its Jobs come one after the other, in their order: they write to one place. */
  inTurn: boolean;
  /** Field of the status that comes from the termination message of the pod of its last Job. */
  reports: 'dataset' | 'bundle' | 'results' | undefined;
  /**
   * Its Jobs; none of a step that is left to a run on another cluster.
   * @param models all K
   * @param holes which of them were given up and are left out
   */
  jobs: (run: Run, models: readonly ModelPlan[], addresses: Addresses, holes?: readonly number[]) => WantedJob[];
  judge: (children: readonly Child[], known: Known) => Judgement;
}

/** What a step is judged by besides its Jobs. */
export interface Known {
  dataset: RunStatus['dataset'];
  /** States whose models the run trains, where not all. */
  share: string | undefined;
  /** "30 of 32 states", where the run goes on without the others. */
  coverage: string | undefined;
  /** Models of other clusters that aggregation waits for; 0 or unknown where it does not wait. */
  awaited: number | undefined;
}

/** What the condition of a step of one Job says. */
function texts(done: string, active: string, waiting: string): Step['judge'] {
  return (children, { coverage }) => {
    if (children.length === 0)
      return no('LeftToOthers', 'execution.aggregate is false: a run on another cluster does it.');
    if (isDone(children)) return yes('Done', coverage === undefined ? done : `${done} Coverage ${coverage}.`);
    if (countOf(children, 'failed') > 0) return no('Failed', 'The Job failed.');
    return countOf(children, 'active') > 0 ? no('Running', active) : no('Waiting', waiting);
  };
}

function judgePrepared(children: readonly Child[], { dataset }: Known): Judgement {
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

function judgeTrained(models: readonly Child[], { share, coverage }: Known): Judgement {
  const failed = countOf(models, 'failed');
  const whose = share === undefined ? '' : ` of the share ${share}`;
  const text = `${countOf(models, 'done')} of ${models.length} models${whose} are trained`;
  if (isDone(models)) return yes(share === undefined ? 'AllTrained' : 'ShareTrained', `${text}.`);
  if (coverage !== undefined)
    return no('TrainedInPart', `${text}, ${failed} failed; the run goes on without them: coverage ${coverage}.`);
  if (failed > 0) return no('ModelFailed', `${text}, ${failed} failed.`);
  return no(countOf(models, 'active') > 0 ? 'Training' : 'Waiting', `${text}.`);
}

const judgeBundle = texts(
  'The models are one bundle.',
  'The models are being verified and bundled.',
  'Waits until all models are trained.',
);

function judgeAggregated(children: readonly Child[], known: Known): Judgement {
  const { awaited = 0 } = known;
  if (awaited === 0 || isDone(children)) return judgeBundle(children, known);
  return no('AwaitingModels', `${awaitedText(awaited)} The pod looks into the store for them until they are there.`);
}

/** Models of other clusters that a run waits for, as a sentence. */
export const awaitedText = (awaited: number): string =>
  `Waits for ${awaited} ${awaited === 1 ? 'model' : 'models'} that runs on other clusters train.`;

const common = ({ metadata }: Run, hash: string) => ({ directory: runDirectory(metadata.name), hash });
const nameOf = ({ metadata }: Run, step: Component, hash: string) => childNames(metadata.name).step(step, hash);

/** What the pods stream that read the images; nothing where those are in the store. */
const streamed = ({ spec: { dataset } }: Run) => (dataset.prepare === 'Copy' ? undefined : dataset);

/** The codec of a run that has one with files of its own. */
const codecOf = ({ spec: { codec } }: Run) => (codec.name === 'Pixels' ? undefined : codec);

/** Whether models have claims of their own, where the prepared data are not. */
const isApart = ({ spec }: Run) => spec.checkpoints.volume?.perModel !== undefined;

const table = {
  prepare: {
    condition: 'Prepared',
    phase: 'Preparing',
    followsFromData: false,
    usesGpus: ({ spec }) => encodes(spec),
    mounts: ['data', 'reference', 'weights', 'codec', 'warmstart'],
    inTurn: false,
    reports: 'dataset',
    jobs: (run, _models, { prepare: hash }) => {
      const { dataset, evaluation, sampling, training } = run.spec;
      const threads = encodes(run.spec) ? training.threads : undefined;
      const own = { dataset, evaluation, prompts: sampling.contexts, codec: codecOf(run), threads };
      const warmStart = warmStartOf(run.spec);
      const task = compact({
        kind: 'prepare' as const,
        ...common(run, hash),
        ...own,
        warmStart,
        share: shareOf(run.spec),
      });
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
    inTurn: false,
    reports: undefined,
    jobs: (run, models, { prepare, dataset, models: hashes, warmStartDigest }) => {
      const { schedule, checkpoints } = run.spec;
      const source = isApart(run)
        ? compact({ prepared: prepare, dataset: run.spec.dataset, codec: codecOf(run) })
        : undefined;
      const { everyImages, keep } = checkpoints;
      const names = childNames(run.metadata.name);
      const own = models.filter(({ index }) => isOwn(run.spec, index));
      return own.map((plan) => {
        const { index, settings } = plan;
        const { model, training } = settings;
        const hash = hashes[index] ?? '';
        const own = { index, schedule, dataset, model, training, warmStartDigest, checkpoints: { everyImages, keep } };
        const task = compact({ kind: 'train' as const, ...common(run, hash), ...own, source, stream: streamed(run) });
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
    inTurn: true,
    reports: 'bundle',
    jobs: (run, _models, { dataset, models, bundle: hash }, holes = []) => {
      if (!run.spec.execution.aggregate) return [];
      const missing = new Set(holes);
      const bundled = models.map((model, index) => (missing.has(index) ? null : model));
      const schedule = missing.size === 0 ? undefined : run.spec.schedule;
      const inputs = { dataset, models: bundled, schedule, own: ownModels(run.spec) };
      const task = compact({ kind: 'aggregate' as const, ...common(run, hash), ...inputs });
      const waves = wavesOf(run, models, missing);
      return [...waves, { step: 'aggregate', name: nameOf(run, 'aggregate', hash), hash, task }];
    },
    judge: judgeAggregated,
  },
  sample: {
    condition: 'Sampled',
    phase: 'Sampling',
    followsFromData: true,
    usesGpus: () => true,
    mounts: ['weights', 'codec'],
    inTurn: false,
    reports: undefined,
    jobs: (run, _models, { prepare, bundle, samples: hash, sampleJob, codecDigest }) => {
      if (!run.spec.execution.aggregate) return [];
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
    inTurn: false,
    reports: 'results',
    jobs: (run, _models, { prepare, dataset, bundle, samples, report: hash }) => {
      if (!run.spec.execution.aggregate) return [];
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

/** The pipeline, in the order of `components`. Whatever is to be known of a step is looked up here by its name. */
export const steps: Readonly<Record<Component, Step & { condition: StepCondition }>> = table;

/** The data that a task streams; undefined where it reads none, or those of the store. */
export const streamOf = (task: Task): Dataset | undefined => ('stream' in task ? task.stream : undefined);

/** The claims that a task's pod reads; the data are one of them also where they are no claim. */
export function mountsOf(task: Task): readonly Mount[] {
  const { mounts } = steps[stepOf(task)];
  // To prepare the data anew takes what it took to prepare them.
  if (task.kind === 'train' && task.source !== undefined) return [...mounts, 'data', 'codec'];
  return streamOf(task) === undefined ? mounts : [...mounts, 'data'];
}
