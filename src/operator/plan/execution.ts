import { contentHash } from '../../api/hash.ts';
import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { ObservedJob } from './observed.ts';
import { once } from './once.ts';
import { retryOf } from './retry.ts';

/** By execution block: the hashes of its overrides, each with what of the run besides is in it. */
const hashes = once(
  (_: Run['spec']['execution']) => new Map<PodTemplate | undefined, { retry: string | undefined; hash: string }>(),
);

/**
 * What of a Job follows from how the run wants its pods to run, and from how often a person asked to try again. A child is
 * not made anew because of it, unless it cannot go on.
 */
export function executionHash(run: Run, override: PodTemplate | undefined): string {
  const { image, resources, podTemplate, jobTemplate, queueName, retries, deadlines } = run.spec.execution;
  const { perModel } = retries;
  const deadline = deadlines.modelSeconds;
  const retry = retryOf(run);
  const known = hashes(run.spec.execution).get(override);
  if (known !== undefined && known.retry === retry) return known.hash;
  const made = { image, resources, podTemplate, jobTemplate, override, queueName, perModel, deadline, retry };
  const hash = contentHash(made);
  hashes(run.spec.execution).set(override, { retry, hash });
  return hash;
}

/** Whether a Job was made when the run wanted its pods otherwise, or before it was asked to try again. */
export function isOutdated(run: Run, { labels: own }: ObservedJob, override: PodTemplate | undefined): boolean {
  const made = own[labels.execution];
  return made !== undefined && made !== executionHash(run, override);
}
