import { contentHash } from '../../api/hash.ts';
import { type Component, labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { Child } from './child.ts';
import type { ObservedJob } from './observed.ts';
import { once } from './once.ts';
import type { Settings } from './pod.ts';
import { retryOf } from './retry.ts';

/** Whose pods it is about. */
type Whose = Pick<Child, 'step' | 'model'>;

/** By execution block: the hashes of its steps and overrides, each with what is in it besides. */
const hashes = once(
  (_: Run['spec']['execution']) => new Map<PodTemplate | Component, { besides: string; hash: string }>(),
);

/**
 * What of a Job follows from how the run, and the operator, want its pods to run, and from how often a person asked to try
 * again. A child is not made anew because of it, unless it cannot go on.
 */
export function executionHash(run: Run, { step, model }: Whose, settings: Settings): string {
  const { resources, podTemplate, steps, jobTemplate, queueName, retries, deadlines } = run.spec.execution;
  const image = run.spec.execution.image ?? settings.trainerImage;
  const { imagePullSecrets = [] } = settings;
  const { perModel } = retries;
  const deadline = deadlines.modelSeconds;
  const retry = retryOf(run);
  const ofRun = hashes(run.spec.execution);
  // How buckets are reached; where they are is in addresses, or cannot change.
  const buckets = [run.spec.dataset.source.s3, run.spec.checkpoints.objectStore].filter((place) => place !== undefined);
  const besides = JSON.stringify([retry, settings, buckets]);
  const override = model?.settings.podTemplate;
  const key = override ?? step; // overrides are of training alone
  const known = ofRun.get(key);
  if (known?.besides === besides) return known.hash;
  const pods = {
    image,
    imagePullSecrets,
    resources,
    podTemplate,
    ofStep: steps[step]?.podTemplate,
    jobTemplate,
    override,
    buckets: buckets.length === 0 ? undefined : buckets,
  };
  const hash = contentHash({ ...pods, queueName, perModel, deadline, retry });
  ofRun.set(key, { besides, hash });
  return hash;
}

/** Whether a Job was made when its pods were wanted otherwise, or before the run was asked to try again. */
export function isOutdated(run: Run, { labels: own }: ObservedJob, whose: Whose, settings: Settings): boolean {
  const made = own[labels.execution];
  return made !== undefined && made !== executionHash(run, whose, settings);
}
