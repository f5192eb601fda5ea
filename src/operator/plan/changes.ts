import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/client.ts';
import type { Child, WantedJob } from './child.ts';
import type { Children } from './children.ts';
import { buildClaim, ownClaimOf, type Reowning, reownings } from './claim.ts';
import type { Halt } from './halt.ts';
import { addressFormat } from './identity.ts';
import { buildJob } from './job.ts';
import { missingModelClaims, unneededClaims, withMounts } from './modelClaims.ts';
import type { Observed, ObservedJob } from './observed.ts';
import { outdatedJobs } from './outdated.ts';
import type { Settings } from './pod.ts';
import { isPutOff, type Refused } from './refused.ts';
import type { Results } from './results.ts';
import { steps } from './steps.ts';

/** What is to be done about children. */
export interface Changes {
  /** Objects that are not there yet. */
  create: KubeObject[];
  /** Jobs whose pods are to be stopped, or let run again. */
  suspend: { name: string; uid: string; value: boolean }[];
  /** Jobs that are not wanted any more. */
  remove: { name: string; uid: string }[];
  /** Claims of models that are not needed any more and not to be kept. */
  discard: { name: string; uid: string }[];
  /** Claims that are to go with the run, or to stay when it goes. */
  reown: Reowning[];
  /** A claim of a run of this name before, which this one finds when it begins. */
  takenUp: string | undefined;
  /** Training Jobs made by a version with other addresses, which are not wanted any more; named once, when prepare begins. */
  former: string[];
}

export const noChanges: Changes = {
  create: [],
  suspend: [],
  remove: [],
  discard: [],
  reown: [],
  takenUp: undefined,
  former: [],
};

/**
 * Kueue suspends and resumes the Jobs of its queues itself; they are deleted instead and made anew, which gives their
 * quota back. A Job from before the run had a queue is not Kueue's.
 */
const isQueued = (job: ObservedJob) => job.labels[labels.queue] !== undefined;

/** Unfinished Jobs, those on their way out included: they still hold their pods. */
const holdsPods = (job: ObservedJob) => job.finished === undefined || job.deleting;

const isUnfinished = (job: ObservedJob) => job.finished === undefined && !job.deleting;

/** Jobs of a step, wanted or not, that hold pods. */
const busyOf = ({ jobs }: Children, step: Child['step']): ObservedJob[] =>
  [...jobs.values()].filter((job) => job.labels[labels.component] === step && holdsPods(job));

/** Jobs that are made of one look at most: the next looks, a moment later, name the next. A thousand at once would hold it up. */
const mostAtOnce = 128;

/**
 * Jobs to create now: the first missing ones of the step that the run is at, in as many slots as are free. One that the API
 * server refuses holds none.
 * @param isHeld whether a Job is not to be made now
 */
function jobsToCreate(
  run: Run,
  children: Children,
  { current }: Results,
  isHeld: (job: WantedJob) => boolean,
): WantedJob[] {
  if (current === undefined) return [];
  const { inTurn } = steps[current];
  const open = children.of[current].filter(({ phase }) => phase !== 'done');
  const slots = Math.max(0, (inTurn ? 1 : run.spec.execution.maxParallel) - busyOf(children, current).length);
  return (inTurn ? open.slice(0, 1) : open)
    .flatMap(({ phase, job, wanted }) => (phase === 'absent' && job === undefined ? (wanted ?? []) : []))
    .filter((job) => !isHeld(job))
    .slice(0, Math.min(slots, mostAtOnce));
}

/**
 * Unfinished Jobs of a step that must not run: all of them when the run is halted, else those beyond maxParallel. One that is
 * stopped also waits for the pods of Jobs on their way out.
 */
function suspensionsOf(run: Run, children: Children, step: readonly Child[], halted: boolean): Changes['suspend'] {
  const active = step.flatMap(({ phase, job }) => (phase === 'active' && job !== undefined ? [job] : []));
  const [first] = step;
  const leaving = first === undefined ? 0 : busyOf(children, first.step).filter((job) => !active.includes(job)).length;
  const { maxParallel } = run.spec.execution;
  return active.flatMap((job, rank) => {
    const value = halted || rank + (job.suspended ? leaving : 0) >= maxParallel;
    return isQueued(job) || job.suspended === value ? [] : [{ name: job.name, uid: job.uid, value }];
  });
}

function suspensions(run: Run, children: Children, halt: Halt | undefined): Changes['suspend'] {
  if (halt?.kind === 'cancelled') return [];
  const halted = halt !== undefined;
  // Those that may turn out to be unwanted are stopped with the others, and go on when they are known to be wanted.
  const undecided = halted
    ? children.undecided.filter((job) => isUnfinished(job) && !isQueued(job) && !job.suspended)
    : [];
  return [
    ...Object.values(children.of).flatMap((step) => suspensionsOf(run, children, step, halted)),
    ...undecided.map(({ name, uid }) => ({ name, uid, value: true })),
  ];
}

/** What the Jobs that have not ended were made for. */
const atWork = ({ all }: Children): WantedJob[] =>
  all.flatMap(({ phase, wanted }) => (phase === 'active' && wanted !== undefined ? [wanted] : []));

const formerJobs = ({ undecided }: Children): ObservedJob[] =>
  undecided.filter(
    (job) => job.labels[labels.component] === 'train' && job.labels[labels.addressFormat] !== String(addressFormat),
  );

function removals(
  run: Run,
  children: Children,
  reported: Results,
  halt: Halt | undefined,
  settings: Settings,
  now: Date,
): ObservedJob[] {
  const kept = new Set(children.undecided);
  for (const { wanted } of children.all) {
    const job = wanted && children.jobs.get(wanted.name);
    if (job !== undefined) kept.add(job);
  }
  const there = [...children.jobs.values()].filter(({ deleting }) => !deleting);
  const obsolete = there.filter((job) => !kept.has(job));
  const ended = there.filter(
    (job) => isUnfinished(job) && (halt?.kind === 'cancelled' || (halt !== undefined && isQueued(job))),
  );
  const outdated = halt?.kind === 'cancelled' ? [] : outdatedJobs(run, children, settings, now);
  const lost = halt === undefined ? reported.lost : [];
  return [...new Set([...obsolete, ...outdated, ...lost, ...ended])];
}

export function changesOf(
  run: Run,
  children: Children,
  reported: Results,
  observed: Observed,
  halt: Halt | undefined,
  settings: Settings,
  refused: Refused,
  now: Date,
): Changes {
  const claim = halt?.kind === 'cancelled' ? undefined : buildClaim(run);
  const there = observed.claims.find(({ name }) => name === claim?.metadata.name);
  const claimMissing = claim !== undefined && there === undefined;
  const isRefused = (name: string) => isPutOff(refused, name, now);
  const claimRefused = claimMissing && isRefused(claim.metadata.name);
  const claims = new Map(observed.claims.map((each) => [each.name, each]));
  const isHeld = (job: WantedJob) => {
    const own = ownClaimOf(run, job.task);
    return isRefused(job.name) || (own !== undefined && (isRefused(own) || claims.get(own)?.deleting === true));
  };
  const jobs = halt === undefined && !claimRefused ? jobsToCreate(run, children, reported, isHeld) : [];
  const needing = halt === undefined ? [...atWork(children), ...jobs] : [];
  const modelClaims = missingModelClaims(run, needing, claims).filter(({ metadata }) => !isRefused(metadata.name));
  const former = jobs.some(({ step }) => step === 'prepare') ? formerJobs(children) : [];
  const unneeded = halt === undefined ? unneededClaims(run, children, reported.bundle, observed.claims) : [];
  return {
    create: [
      ...(claimMissing && !claimRefused ? [claim] : []),
      ...modelClaims,
      ...jobs.map((job) => buildJob(run, withMounts(run, job, claims), settings)),
    ],
    suspend: suspensions(run, children, halt),
    remove: removals(run, children, reported, halt, settings, now).map(({ name, uid }) => ({ name, uid })),
    discard: unneeded.filter(({ name }) => !isRefused(name)).map(({ name, uid }) => ({ name, uid })),
    reown: reownings(run, observed.claims).filter(({ name }) => !isRefused(name)),
    takenUp: run.status === undefined && there?.deleting === false ? there.name : undefined,
    former: former.map(({ name }) => name),
  };
}
