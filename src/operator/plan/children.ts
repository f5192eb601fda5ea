import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/cluster.ts';
import { buildClaim } from './claim.ts';
import type { Halt } from './halt.ts';
import { childNames } from './identity.ts';
import { buildJob, type Settings } from './job.ts';
import type { Observed, ObservedJob } from './observed.ts';
import { outdatedJobs } from './outdated.ts';
import type { ModelState, Stage, StepState } from './stage.ts';
import { lostWords } from './status.ts';
import { aggregateTask, evaluateTask, sampleTask, trainTask } from './tasks.ts';

/** What is to be done about children. */
export interface Changes {
  /** Objects that are not there yet. */
  create: KubeObject[];
  /** Jobs whose pods are to be stopped, or let run again. */
  suspend: { name: string; uid: string; value: boolean }[];
  /** Jobs that are not wanted any more. */
  remove: { name: string; uid: string }[];
}

/**
 * Kueue suspends and resumes the Jobs of its queues itself; they are deleted instead and made anew, which gives their
 * quota back. A Job from before the run had a queue is not Kueue's.
 */
const isQueued = (job: ObservedJob) => job.labels[labels.queue] !== undefined;

/** Unfinished Jobs, those on their way out included: they still hold their pods. */
const holdsPods = (job: ObservedJob) => job.finished === undefined || job.deleting;

const isTraining = (job: ObservedJob) => job.labels[labels.component] === 'train';

/** Training Jobs to create now: the lowest missing models, in as many slots as are free. */
function modelsToCreate(run: Run, { models, jobs }: Stage): ModelState[] {
  const busy = [...jobs.values()].filter((job) => isTraining(job) && holdsPods(job)).length;
  const slots = Math.max(0, run.spec.execution.maxParallel - busy);
  return models.filter(({ phase, job }) => phase === 'absent' && job === undefined).slice(0, slots);
}

/** The one step to create now, if the one before it is done. */
function stepToCreate({ models, steps }: Stage): StepState | undefined {
  if (!models.every(({ phase }) => phase === 'done')) return undefined;
  const next = steps.find(({ phase }) => phase !== 'done');
  return next?.phase === 'absent' && next.job === undefined ? next : undefined;
}

function buildModelJob(run: Run, model: ModelState, settings: Settings): KubeObject {
  const { name, hash, index, settings: own } = model;
  const options = {
    name,
    hash,
    component: 'train' as const,
    task: trainTask(run, model),
    model: index,
    podTemplate: own.podTemplate,
    suspend: false,
  };
  return buildJob(run, options, settings);
}

function buildStepJob(
  run: Run,
  { step, name }: Pick<StepState, 'step' | 'name'>,
  { models, hashes }: Pick<Stage, 'models' | 'hashes'>,
  settings: Settings,
): KubeObject {
  const common = { name, suspend: false };
  switch (step) {
    case 'aggregate':
      return buildJob(
        run,
        { ...common, hash: hashes.bundle, component: step, task: aggregateTask(run, models, hashes) },
        settings,
      );
    case 'sample': {
      const { shards } = run.spec.sampling;
      return buildJob(
        run,
        { ...common, hash: hashes.samples, component: step, task: sampleTask(run, hashes), shards },
        settings,
      );
    }
    case 'evaluate':
      return buildJob(
        run,
        { ...common, hash: hashes.report, component: step, task: evaluateTask(run, hashes) },
        settings,
      );
  }
}

/** Every child that a run has in its life, whatever is there: what `ddr render` shows. */
export function allChildren(run: Run, stage: Stage, settings: Settings): KubeObject[] {
  const claim = buildClaim(run);
  return [
    ...(claim === undefined ? [] : [claim]),
    ...stage.models.map((model) => buildModelJob(run, model, settings)),
    ...stage.steps.map((step) => buildStepJob(run, step, stage, settings)),
  ];
}

/**
 * Unfinished wanted Jobs that must not run: all of them when the run is halted, else those beyond maxParallel. One that is
 * stopped also waits for the pods of Jobs on their way out.
 */
function suspensions(run: Run, { models, steps, jobs }: Stage, halt: Halt | undefined): Changes['suspend'] {
  const active = models.flatMap(({ phase, job }) => (phase === 'active' && job !== undefined ? [job] : []));
  const others = steps.flatMap(({ phase, job }) => (phase === 'active' && job !== undefined ? [job] : []));
  const leaving = [...jobs.values()].filter((job) => isTraining(job) && holdsPods(job) && !active.includes(job)).length;
  const { maxParallel } = run.spec.execution;
  const waits = (job: ObservedJob, rank: number) => rank + (job.suspended ? leaving : 0) >= maxParallel;
  const wanted = [
    ...active.map((job, rank) => ({ job, value: halt !== undefined || waits(job, rank) })),
    ...others.map((job) => ({ job, value: halt !== undefined })),
  ];
  return wanted
    .filter(({ job, value }) => !isQueued(job) && job.suspended !== value)
    .map(({ job: { name, uid }, value }) => ({ name, uid, value }));
}

export function changesOf(
  run: Run,
  stage: Stage,
  observed: Observed,
  halt: Halt | undefined,
  settings: Settings,
  now: Date,
): Changes {
  const wanted = new Set([...stage.models, ...stage.steps].map(({ name }) => name));
  const obsolete = observed.jobs.filter(({ name, deleting }) => !wanted.has(name) && !deleting);
  const unfinished = observed.jobs.filter(
    ({ name, finished, deleting }) => wanted.has(name) && finished === undefined && !deleting,
  );
  const dropped = unfinished.filter((job) => halt?.kind === 'cancelled' || (halt !== undefined && isQueued(job)));
  const outdated = halt?.kind === 'cancelled' ? [] : outdatedJobs(run, stage);
  const lost = halt === undefined ? lostWords(run, stage, now) : [];
  const claim = buildClaim(run);
  const claimMissing =
    claim !== undefined && !observed.claims.some(({ name }) => name === childNames(run.metadata.name).claim);
  const step = halt === undefined ? stepToCreate(stage) : undefined;
  return {
    create: [
      ...(claimMissing && halt?.kind !== 'cancelled' ? [claim] : []),
      ...(halt === undefined ? modelsToCreate(run, stage).map((model) => buildModelJob(run, model, settings)) : []),
      ...(step === undefined ? [] : [buildStepJob(run, step, stage, settings)]),
    ],
    suspend: halt?.kind === 'cancelled' ? [] : suspensions(run, stage, halt),
    remove: [...new Set([...obsolete, ...outdated, ...lost, ...dropped])].map(({ name, uid }) => ({
      name,
      uid,
    })),
  };
}
