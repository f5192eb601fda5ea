import { contentHash } from '../../api/hash.ts';
import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { ObservedJob } from './observed.ts';
import { once } from './once.ts';
import type { Settings } from './pod.ts';
import { retryOf } from './retry.ts';

/** By execution block: the hashes of its overrides, each with what is in it besides. */
const hashes = once(
  (_: Run['spec']['execution']) => new Map<PodTemplate | undefined, { besides: string; hash: string }>(),
);

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
  const ofRun = hashes(run.spec.execution);
  const besides = JSON.stringify([retry, settings]);
  const known = ofRun.get(override);
  if (known?.besides === besides) return known.hash;
  const pods = { image, imagePullSecrets, resources, podTemplate, jobTemplate, override };
  const hash = contentHash({ ...pods, queueName, perModel, deadline, retry });
  ofRun.set(override, { besides, hash });
  return hash;
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
