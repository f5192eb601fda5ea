import { type Component, components, labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { isBundled } from './bundled.ts';
import { type Child, type ChildPhase, phaseOfJob, type WantedJob } from './child.ts';
import { datasetOf, isSilent } from './dataset.ts';
import { isOutdated } from './execution.ts';
import { holesOf } from './holes.ts';
import { type Addresses, type ModelPlan, unreadData } from './identity.ts';
import type { Observed, ObservedJob } from './observed.ts';
import type { Settings } from './pod.ts';
import { type PodsByJob, podsByJob } from './pods.ts';
import { retryHash } from './retry.ts';
import { steps } from './steps.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export interface ModelChild extends Child {
  model: ModelPlan;
}

/** A run's children as they stand: what is wanted, next to what there is. */
export interface Children {
  /** The data; undefined until they are prepared. Until then nothing that follows from them is wanted, or unwanted. */
  dataset: RunStatus['dataset'];
  /** Undefined until the data are known. */
  addresses: Addresses | undefined;
  of: Readonly<Record<Component, readonly Child[]>>;
  /** The models that this run trains, in their order. */
  models: readonly ModelChild[];
  /** The K models, those of other clusters among them. */
  plans: readonly ModelPlan[];
  /** Models, counted among the K, that were given up and that the run goes on without. */
  holes: readonly number[];
  /** All of them, in the order of the steps. */
  all: readonly Child[];
  /** Jobs of which the data will decide whether they are wanted. */
  undecided: readonly ObservedJob[];
  /** Failed pods of all children that are still wanted, made since the run was retried last. */
  retries: number;
  /** All Jobs there are, wanted or not, by name. */
  jobs: ReadonlyMap<string, ObservedJob>;
  pods: PodsByJob;
}

/**
 * Failed pods of a run that they have ended, as its status has them until the spec changes: with a Kueue queue the Jobs
 * that counted them are deleted to end it, and it would begin anew.
 */
function spentRetries({ metadata, spec, status }: Run): number {
  const ended = status?.conditions?.some(
    ({ type, status, reason, observedGeneration }) =>
      type === 'Failed' &&
      status === 'True' &&
      reason === 'RetriesExhausted' &&
      observedGeneration === metadata.generation,
  );
  return ended && spec.execution.queueName !== undefined ? (status?.models?.retries ?? 0) : 0;
}

function countRetries(run: Run, jobs: readonly ObservedJob[]): number {
  const retry = retryHash(run);
  const since = jobs.filter((job) => job.labels[labels.retry] === retry);
  return Math.max(
    since.reduce((sum, { failed }) => sum + failed, 0),
    spentRetries(run),
  );
}

/** What the phases of children follow from. */
interface Seen {
  run: Run;
  dataset: RunStatus['dataset'];
  jobs: ReadonlyMap<string, ObservedJob>;
  pods: PodsByJob;
  settings: Settings;
  now: Date;
  /** Whether the bundle is published, and what it was made of is not to be kept. */
  isBundledForGood: boolean;
}

function phaseOf(
  { run, dataset, pods, settings, now, isBundledForGood }: Seen,
  wanted: WantedJob,
  job: ObservedJob | undefined,
): ChildPhase {
  const { step } = wanted;
  const makesDataset = steps[step].reports === 'dataset';
  // What prepare has found needs no Job any more: it is in the status.
  if (makesDataset && dataset !== undefined) return 'done';
  const phase = makesDataset && isSilent(job, pods, now) ? 'failed' : phaseOfJob(job);
  // Its claim is given back once the bundle has the model: made anew, it would be trained anew.
  if (job === undefined && step === 'train' && isBundledForGood) return 'done';
  // It is made anew, and the run has not failed yet.
  const again =
    phase === 'failed' && job !== undefined && isOutdated(run, job, { step, model: wanted.model }, settings);
  return again ? 'absent' : phase;
}

/** Every child of the run, in the order of the steps. */
function everyChild(seen: Seen, all: readonly WantedJob[]): Child[] {
  const { dataset, jobs } = seen;
  return all.map((wanted): Child => {
    const { step, model } = wanted;
    if (dataset === undefined && steps[step].followsFromData)
      return { step, model, wanted: undefined, phase: 'absent', job: undefined };
    const job = jobs.get(wanted.name);
    return { step, model, wanted, phase: phaseOf(seen, wanted, job), job };
  });
}

export function childrenOf(run: Run, observed: Observed, now: Date, settings: Settings): Children {
  const pods = podsByJob(observed);
  const jobs = new Map(observed.jobs.map((job) => [job.name, job]));
  const dataset = datasetOf(run, pods);
  const data = dataset ?? unreadData;
  const { perModel } = run.spec.checkpoints.volume ?? {};
  const childrenFor = ({ addresses, jobs: wanted }: Wanted): Child[] => {
    const isBundledForGood = perModel?.whenBundled === 'Delete' && isBundled(run, run.status?.bundle, addresses);
    return everyChild({ run, dataset, jobs, pods, settings, now, isBundledForGood }, wanted);
  };
  const whole = wantedOf(run, data);
  const whenWhole = childrenFor(whole);
  const holes = holesOf(
    run.spec,
    whenWhole.filter(({ step }) => step === 'train'),
  );
  const wanted = holes.length === 0 ? whole : wantedOf(run, data, holes);
  const { addresses, plans } = wanted;
  const all = holes.length === 0 ? whenWhole : childrenFor(wanted);
  const byStep = Map.groupBy(all, ({ step }) => step);
  const of = Object.fromEntries(components.map((step) => [step, byStep.get(step) ?? []])) as Record<Component, Child[]>;
  const undecided =
    dataset === undefined ? observed.jobs.filter((job) => job.labels[labels.component] !== 'prepare') : [];
  return {
    dataset,
    addresses: dataset === undefined ? undefined : addresses,
    of,
    models: all.filter((child): child is ModelChild => child.model !== undefined),
    plans,
    holes,
    all,
    undecided,
    retries: countRetries(run, [...all.flatMap(({ job }) => job ?? []), ...undecided]),
    jobs,
    pods,
  };
}

/** Whether nothing of a step is left to do: it is done, but perhaps for models that the run goes on without. */
export const isOver = ({ of, holes }: Pick<Children, 'of' | 'holes'>, step: Component): boolean =>
  of[step].every(({ phase, model }) => phase === 'done' || (model !== undefined && holes.includes(model.index)));

/** The step whose end is the run's: the last that it has Jobs of. */
export const lastStepOf = ({ of }: Pick<Children, 'of'>): Component =>
  components.findLast((step) => of[step].length > 0) ?? 'prepare';

/**
 * Whether nothing more can be done though not all is done: of a step something failed, and the rest of it has ended, or waits
 * for what failed.
 */
export function isBroken(children: Pick<Children, 'of' | 'holes'>): boolean {
  const { of } = children;
  return components.some(
    (step) =>
      !isOver(children, step) &&
      of[step].some(({ phase }) => phase === 'failed') &&
      of[step].every(
        ({ phase, job }) =>
          phase === 'done' || phase === 'failed' || (steps[step].inTurn && phase === 'absent' && job === undefined),
      ),
  );
}
