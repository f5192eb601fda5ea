import { compact } from '../../api/compact.ts';
import { formatRangesBriefly } from '../../api/ranges.ts';
import type { ConditionReason } from '../../api/reasons.ts';
import type { Run } from '../../api/run.ts';
import { isTerminal, type Phase, type RunStatus } from '../../api/status.ts';
import { awaitedModels } from './awaited.ts';
import { type ChildPhase, countOf } from './child.ts';
import { type Children, isBroken, isOver, lastStepOf } from './children.ts';
import { conditionsOf, longestConditionMessage, toSeconds } from './conditions.ts';
import { failuresOf } from './failures.ts';
import type { Halt } from './halt.ts';
import type { Observed } from './observed.ts';
import type { Obstacle } from './obstacle.ts';
import { progressOf } from './progress.ts';
import type { Refused } from './refused.ts';
import type { Results } from './results.ts';
import { retryOf } from './retry.ts';
import { shareOf } from './share.ts';
import { steps } from './steps.ts';
import { cutText } from './text.ts';

function phaseOf(
  children: Children,
  { awaited, current }: Results,
  halt: Halt | undefined,
  obstacle: Obstacle | undefined,
): Phase {
  const lastStep = lastStepOf(children);
  if (isOver(children, lastStep) && !awaited.includes(lastStep)) return 'Complete';
  if (halt?.kind === 'cancelled') return 'Cancelled';
  if (halt?.kind === 'failed' || isBroken(children)) return 'Failed';
  if (halt?.kind === 'suspended') return 'Suspended';
  if (obstacle !== undefined) return 'Blocked';
  if (children.all.every(({ phase }) => phase === 'absent') && children.undecided.length === 0) return 'Pending';
  return steps[current ?? lastStep].phase;
}

/** Name of each phase of a model in the status. */
const modelPhases = { pending: 'absent', active: 'active', done: 'done', failed: 'failed' } as const satisfies Record<
  string,
  ChildPhase
>;

function modelsOf(
  { spec }: Run,
  { models, plans, retries }: Children,
  awaited: number | undefined,
): NonNullable<RunStatus['models']> {
  const share = shareOf(spec);
  const summary = `${countOf(models, 'done')}/${models.length}`;
  const statesIn = (wanted: ChildPhase) => {
    const states = models.filter(({ phase }) => phase === wanted).flatMap(({ model }) => model.states);
    return states.length === 0 ? undefined : formatRangesBriefly(states.map(({ index }) => index));
  };
  const { pending, active, done, failed } = modelPhases;
  return compact({
    total: models.length,
    pending: countOf(models, pending),
    active: countOf(models, active),
    done: countOf(models, done),
    failed: countOf(models, failed),
    summary: share === undefined ? summary : `${summary} of ${plans.length}`,
    share,
    awaited,
    retries,
    states: compact({
      pending: statesIn(pending),
      active: statesIn(active),
      done: statesIn(done),
      failed: statesIn(failed),
    }),
  });
}

/** What is known of a run beside its children. */
export interface Findings {
  reported: Results;
  halt: Halt | undefined;
  /** Why no pod can start, whether one is to start or not. */
  obstacle: Obstacle | undefined;
  refused: Refused;
}

/** The whole status, bounded in size for any S. */
export function statusOf(
  run: Run,
  children: Children,
  observed: Observed,
  { reported, halt, obstacle: inTheWay, refused }: Findings,
  now: Date,
): RunStatus {
  const { metadata, status: before } = run;
  const phase = phaseOf(children, reported, halt, inTheWay);
  const obstacle = phase === 'Blocked' ? inTheWay : undefined;
  const failures = failuresOf(run, children, now);
  const awaited = awaitedModels(children, observed);
  const conditions = conditionsOf(
    { run, children, phase, halt, failures, obstacle, refused, results: reported.results, awaited },
    now,
  );
  const end = phase === 'Failed' ? conditions.find(({ type }) => type === 'Failed') : undefined;
  const finishedBefore = isTerminal(before?.phase ?? 'Pending') ? before?.finishedAt : undefined;
  return compact({
    observedGeneration: metadata.generation,
    observedRetryAt: retryOf(run),
    phase,
    reason: (obstacle ?? end)?.reason,
    conditions,
    startedAt: before?.startedAt ?? (children.jobs.size > 0 ? toSeconds(now) : undefined),
    finishedAt: isTerminal(phase) ? (finishedBefore ?? toSeconds(now)) : undefined,
    models: modelsOf(run, children, awaited),
    progress: progressOf(children, observed),
    failures: failures.length === 0 ? undefined : failures,
    dataset: reported.dataset ?? before?.dataset, // while data are read anew, those that were learned from so far
    bundle: reported.bundle,
    results: reported.results,
  });
}

/** Status of a run whose spec this operator cannot read, though the API server took it: an older operator, say. */
export function invalidStatus(
  observedGeneration: number | undefined,
  before: RunStatus | undefined,
  message: string,
  now: Date,
): RunStatus {
  const reason: ConditionReason = 'InvalidSpec';
  const condition = (type: 'Ready' | 'Stalled' | 'Failed', status: 'True' | 'False') => {
    const known = before?.conditions?.find((each) => each.type === type && each.status === status);
    return compact({
      type,
      status,
      reason,
      message: cutText(message, longestConditionMessage),
      lastTransitionTime: known?.lastTransitionTime ?? toSeconds(now),
      observedGeneration,
    });
  };
  return {
    ...before,
    ...compact({ observedGeneration }),
    phase: 'Failed',
    reason,
    conditions: [condition('Ready', 'False'), condition('Stalled', 'True'), condition('Failed', 'True')],
  };
}
