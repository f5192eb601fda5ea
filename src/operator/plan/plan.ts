import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { nextBlocked } from './blocked.ts';
import { type Changes, changesOf, noChanges } from './changes.ts';
import { type Children, childrenOf } from './children.ts';
import { deadlineOf, haltOf } from './halt.ts';
import type { Observed } from './observed.ts';
import { obstacleOf } from './obstacle.ts';
import type { Settings } from './pod.ts';
import { nextTry, nothingRefused, type Refused, stillRefused } from './refused.ts';
import { type Results, reportedOf } from './results.ts';
import { beginAgain } from './retry.ts';
import { statusOf } from './status.ts';

/** What is to be done about a run. */
export interface Plan extends Changes {
  status: RunStatus;
  /** The run has outlived its ttlSecondsAfterFinished. */
  expired: boolean;
  /** When to look again though nothing changes. */
  requeueAfterMs: number | undefined;
}

/** Milliseconds between two looks at least. */
const soon = 1000;

/** When the time to live of a run is over, in milliseconds since 1970. */
function endOfLife({ spec: { ttlSecondsAfterFinished: ttl } }: Run, { finishedAt }: RunStatus): number | undefined {
  return ttl === undefined || finishedAt === undefined ? undefined : Date.parse(finishedAt) + ttl * 1000;
}

/** When something is due by the clock alone. */
function nextLook(
  run: Run,
  { waitMs }: Results,
  children: Children,
  refused: Refused,
  status: RunStatus,
  now: Date,
): number | undefined {
  const deadline = status.finishedAt === undefined ? deadlineOf({ ...run, status }) : undefined;
  const times = [deadline, endOfLife(run, status)].flatMap((time) =>
    time === undefined ? [] : [time - now.getTime()],
  );
  const waits = [...times, nextBlocked(children, now), nextTry(refused, now), waitMs].filter(
    (wait) => wait !== undefined,
  );
  return waits.length === 0 ? undefined : Math.max(soon, Math.min(...waits));
}

/**
 * The operator's core: from what a run asks for and what there is, what to create, stop and delete, and what to report.
 * Pure; the same on a cluster and on one machine. Applied again to what it has brought about, it changes nothing.
 * @param refusedSoFar children that the API server has refused, and when each may be tried again
 */
export function plan(
  asked: Run,
  observed: Observed,
  now: Date,
  settings: Settings,
  refusedSoFar: Refused = nothingRefused,
): Plan {
  const refused = stillRefused(refusedSoFar, observed.jobs);
  const run = beginAgain(asked);
  const children = childrenOf(run, observed, now, settings);
  const reported = reportedOf(run, children, now);
  const halt = haltOf(run, children, now);
  const changes = changesOf(run, children, reported, observed, halt, settings, refused, now);
  const obstacle = obstacleOf(run, children, changes, refused, now);
  const status = statusOf(run, children, observed, { reported, halt, obstacle, refused }, now);
  if (now.getTime() >= (endOfLife(run, status) ?? Number.POSITIVE_INFINITY))
    return { ...noChanges, status, expired: true, requeueAfterMs: undefined };
  return {
    ...changes,
    status,
    expired: false,
    requeueAfterMs: nextLook(run, reported, children, refused, status, now),
  };
}
