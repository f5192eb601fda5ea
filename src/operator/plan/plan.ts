import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { type Changes, changesOf } from './children.ts';
import { nextBlocked } from './failures.ts';
import { deadlineOf, haltOf } from './halt.ts';
import type { Settings } from './job.ts';
import type { Observed } from './observed.ts';
import { stageOf } from './stage.ts';
import { statusOf } from './status.ts';

/** What is to be done about a run. */
export interface Plan extends Changes {
  status: RunStatus;
  /** The run has outlived its ttlSecondsAfterFinished. */
  expired: boolean;
  /** When to look again though nothing changes. */
  requeueAfterMs: number | undefined;
}

/** While a step's last word is waited for. */
const soon = 1000;

/** When something is due by the clock alone. */
function nextLook(run: Run, observed: Observed, status: RunStatus, now: Date): number | undefined {
  const blocked = nextBlocked(observed, now);
  const times = blocked === undefined ? [] : [blocked];
  const deadline = deadlineOf({ ...run, status });
  if (status.finishedAt === undefined && deadline !== undefined) times.push(deadline - now.getTime());
  const { ttlSecondsAfterFinished: ttl } = run.spec;
  if (status.finishedAt !== undefined && ttl !== undefined)
    times.push(Date.parse(status.finishedAt) + ttl * 1000 - now.getTime());
  const evaluated = status.conditions?.find(({ type }) => type === 'Evaluated')?.status === 'True';
  if (evaluated && status.phase !== 'Complete') times.push(soon);
  return times.length === 0 ? undefined : Math.max(soon, Math.min(...times));
}

/**
 * The operator's core: from what a run asks for and what there is, what to create, stop and delete, and what to report.
 * Pure; the same on a cluster and on one machine. Applied again to what it has brought about, it changes nothing.
 */
export function plan(run: Run, observed: Observed, now: Date, settings: Settings): Plan {
  const stage = stageOf(run, observed);
  const halt = haltOf(run, stage, now);
  const status = statusOf(run, stage, observed, halt, now);
  const { ttlSecondsAfterFinished: ttl } = run.spec;
  const expired =
    ttl !== undefined && status.finishedAt !== undefined && now.getTime() >= Date.parse(status.finishedAt) + ttl * 1000;
  const changes = expired
    ? { create: [], suspend: [], remove: [] }
    : changesOf(run, stage, observed, halt, settings, now);
  return { ...changes, status, expired, requeueAfterMs: expired ? undefined : nextLook(run, observed, status, now) };
}
