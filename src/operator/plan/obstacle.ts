import type { Run } from '../../api/run.ts';
import { noPods, standsStill } from './blocked.ts';
import type { Changes } from './changes.ts';
import type { Children } from './children.ts';
import { failureText, firstBlocked } from './failures.ts';
import { type Refused, refusalReason, refusalText } from './refused.ts';

/** Why a run that is to go on stands still. */
export interface Obstacle {
  /** A reason of conditions, or what Kubernetes says of a pod. */
  reason: string;
  message: string;
  /** Whether it may pass by itself: a node comes, a GPU is given back, a claim is made. docs/adr/0009 says who needs to know. */
  passing: boolean;
}

/** What other pods that end may mend: a node or GPU, or a place in a quota, is given back. */
const passing = ['Unschedulable', noPods];

/**
 * What no pod can start for; undefined where one is at work, or none has waited for long.
 * @param create what is created now: while there is something, the run goes on
 */
export function obstacleOf(
  run: Run,
  children: Children,
  { create }: Pick<Changes, 'create'>,
  refused: Refused,
  now: Date,
): Obstacle | undefined {
  const hasUnfinished = [...children.jobs.values()].some(({ finished }) => finished === undefined);
  if (refused.size > 0 && create.length === 0 && !hasUnfinished)
    return { reason: refusalReason(refused), message: refusalText(refused), passing: false };
  const blocked = standsStill(children, now) ? firstBlocked(run, children, now) : undefined;
  if (blocked === undefined) return undefined;
  return { reason: blocked.reason, message: failureText([blocked]), passing: passing.includes(blocked.reason) };
}
