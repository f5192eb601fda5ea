import { contentHash } from '../../api/hash.ts';
import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { ObservedJob } from './observed.ts';
import type { Settings } from './pod.ts';
import { retryOf } from './retry.ts';

/**
 * What of a Job follows from how the run, and the operator, want its pods to run, and from how often a person asked to try
 * again. A child is not made anew because of it, unless it cannot go on.
 */
export function executionHash(run: Run, override: PodTemplate | undefined, settings: Settings): string {
  const { resources, podTemplate, jobTemplate, queueName, retries, deadlines } = run.spec.execution;
  const image = run.spec.execution.image ?? settings.trainerImage;
  const { imagePullSecrets = [] } = settings;
  const { perModel } = retries;
  const deadline = deadlines.modelSeconds;
  const retry = retryOf(run);
  const pods = { image, imagePullSecrets, resources, podTemplate, jobTemplate, override };
  return contentHash({ ...pods, queueName, perModel, deadline, retry });
}

/** Whether a Job was made when its pods were wanted otherwise, or before the run was asked to try again. */
export function isOutdated(
  run: Run,
  { labels: own }: ObservedJob,
  override: PodTemplate | undefined,
  settings: Settings,
): boolean {
  const made = own[labels.execution];
  return made !== undefined && made !== executionHash(run, override, settings);
}
