import type { Run } from '../../api/run.ts';
import { parseTermination, type TaskResult } from '../../api/termination.ts';
import { childNames, type ModelPlan, modelPlans, type StepHashes, stepHashes } from './identity.ts';
import type { Observed, ObservedJob, ObservedPod } from './observed.ts';

/** Where a child is. `absent` also covers one that is being deleted: its name is free again when it has gone. */
export type ChildPhase = 'absent' | 'active' | 'done' | 'failed';

export interface ModelState extends ModelPlan {
  name: string;
  phase: ChildPhase;
  job: ObservedJob | undefined;
}

export type StepName = 'aggregate' | 'sample' | 'evaluate';

export interface StepState {
  step: StepName;
  name: string;
  phase: ChildPhase;
  job: ObservedJob | undefined;
}

/** A run's models and steps as they stand: what is wanted, next to what there is. */
export interface Stage {
  hashes: StepHashes;
  models: ModelState[];
  steps: StepState[];
  /** Failed pods of all children that are still wanted. */
  retries: number;
  jobs: ReadonlyMap<string, ObservedJob>;
  /** Pods by name of their Job, the newest first; sorted once, since thousands of Jobs ask for theirs. */
  pods: ReadonlyMap<string, readonly ObservedPod[]>;
}

function phaseOf(job: ObservedJob | undefined): ChildPhase {
  if (job === undefined || (job.deleting && job.finished === undefined)) return 'absent';
  if (job.finished === 'Complete') return 'done';
  return job.finished === 'Failed' ? 'failed' : 'active';
}

/**
 * Failed pods of a run that they have ended, as its status has them until the spec changes: with a Kueue queue the Jobs
 * that counted them are deleted to end it, and it would begin anew.
 */
function spentRetries({ metadata, spec, status }: Run): number {
  const ended = status?.conditions?.some(
    ({ type, status, reason, observedGeneration }) =>
      type === 'Failed' &&
      status === 'True' &&
      reason === 'RetriesExhausted' &&
      observedGeneration === metadata.generation,
  );
  return ended && spec.execution.queueName !== undefined ? (status?.models?.retries ?? 0) : 0;
}

export function stageOf(run: Run, observed: Observed): Stage {
  const plans = modelPlans(run.spec);
  const hashes = stepHashes(run.spec, plans);
  const names = childNames(run.metadata.name);
  const jobs = new Map(observed.jobs.map((job) => [job.name, job]));
  const at = (name: string) => ({ name, job: jobs.get(name), phase: phaseOf(jobs.get(name)) });
  const models = plans.map((plan) => ({ ...plan, ...at(names.model(plan)) }));
  const steps: StepState[] = [
    { step: 'aggregate', ...at(names.aggregate(hashes)) },
    { step: 'sample', ...at(names.sample(hashes)) },
    { step: 'evaluate', ...at(names.evaluate(hashes)) },
  ];
  const counted = [...models, ...steps].reduce((sum, { job }) => sum + (job?.failed ?? 0), 0);
  const newestFirst = observed.pods.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const pods = Map.groupBy(newestFirst, ({ job }) => job);
  return { hashes, models, steps, retries: Math.max(counted, spentRetries(run)), jobs, pods };
}

/** Whether nothing more can be done though not all is done: a step failed, or a model did and the others have ended. */
export function isBroken({ models, steps }: Pick<Stage, 'models' | 'steps'>): boolean {
  const failed = ({ phase }: { phase: ChildPhase }) => phase === 'failed';
  return (
    steps.some(failed) || (models.some(failed) && models.every(({ phase }) => phase === 'done' || phase === 'failed'))
  );
}

/** Pods of a Job, the newest first. */
export const podsOf = ({ pods }: Pick<Stage, 'pods'>, job: string): readonly ObservedPod[] => pods.get(job) ?? [];

/** What a Job's pod said when it succeeded; undefined where the pod, or its word, is not there (any more). */
export function resultOf<K extends TaskResult['kind']>(
  stage: Pick<Stage, 'pods'>,
  job: string,
  kind: K,
): Extract<TaskResult, { kind: K }> | undefined {
  for (const { terminated } of podsOf(stage, job)) {
    const termination = parseTermination(terminated?.message);
    if (termination?.outcome === 'Succeeded' && termination.result.kind === kind)
      return termination.result as Extract<TaskResult, { kind: K }>;
  }
  return undefined;
}
