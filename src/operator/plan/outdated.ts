import type { Run } from '../../api/run.ts';
import { isPodless } from './blocked.ts';
import type { Children } from './children.ts';
import { isOutdated } from './execution.ts';
import type { ObservedJob } from './observed.ts';
import type { Settings } from './pod.ts';
import { podsOf } from './pods.ts';

/** Whether no pod of a Job has started, and one tells why, or none is made. */
function cannotStart(children: Children, job: ObservedJob, now: Date): boolean {
  if (isPodless(children, job, now)) return true;
  const waiting = podsOf(children.pods, job.name).filter(
    ({ deleting, terminated }) => !deleting && terminated === undefined,
  );
  return waiting.length > 0 && waiting.every(({ phase, blocked }) => phase === 'Pending' && blocked !== undefined);
}

/**
 * Jobs that failed or cannot start, though other images, resources or templates are wanted now, or the run is to be tried
 * again: made anew they may do better, and as a Job's template cannot change there is no other way. Those that work are let
 * work.
 */
export function outdatedJobs(run: Run, children: Children, settings: Settings, now: Date): ObservedJob[] {
  return children.all.flatMap((child) => {
    const { phase, job } = child;
    if (job === undefined || job.deleting || phase === 'done') return [];
    const stuck = job.finished !== undefined || (phase === 'active' && cannotStart(children, job, now));
    return stuck && isOutdated(run, job, child, settings) ? [job] : [];
  });
}
