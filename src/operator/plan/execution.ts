import { contentHash } from '../../api/hash.ts';
import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { ObservedJob } from './observed.ts';
import { retryOf } from './retry.ts';

/**
 * What of a Job follows from how the run wants its pods to run, and from how often a person asked to try again. A child is
 * not made anew because of it, unless it cannot go on.
 */
export function executionHash(run: Run, override: PodTemplate | undefined): string {
  const { image, resources, podTemplate, jobTemplate, queueName, retries, deadlines } = run.spec.execution;
  const { perModel } = retries;
  const deadline = deadlines.modelSeconds;
  const retry = retryOf(run);
  return contentHash({ image, resources, podTemplate, jobTemplate, override, queueName, perModel, deadline, retry });
}

/** Whether a Job was made when the run wanted its pods otherwise, or before it was asked to try again. */
export function isOutdated(run: Run, { labels: own }: ObservedJob, override: PodTemplate | undefined): boolean {
  const made = own[labels.execution];
  return made !== undefined && made !== executionHash(run, override);
}
