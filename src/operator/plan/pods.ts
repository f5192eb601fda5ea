import { parseTermination, type TaskResult } from '../../api/termination.ts';
import type { Observed, ObservedJob, ObservedPod } from './observed.ts';

/** Pods by name of their Job, the newest first; sorted once, since thousands of Jobs ask for theirs. */
export type PodsByJob = ReadonlyMap<string, readonly ObservedPod[]>;

export function podsByJob({ pods }: Observed): PodsByJob {
  const byJob = Map.groupBy(pods, ({ job }) => job);
  for (const [job, own] of byJob)
    if (own.length > 1)
      byJob.set(
        job,
        own.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1)),
      );
  return byJob;
}

/** Pods of a Job, the newest first. */
export const podsOf = (pods: PodsByJob, job: string): readonly ObservedPod[] => pods.get(job) ?? [];

/** Milliseconds that a finished Job's termination message is waited for: pods and Jobs are watched apart. */
const messageWithin = 30_000;

/** Milliseconds until what the pod of a finished Job says is late, less than 0 where it is; undefined of an unfinished one. */
export const messageDueIn = ({ finishedAt }: ObservedJob, now: Date): number | undefined =>
  finishedAt === undefined ? undefined : Date.parse(finishedAt) + messageWithin - now.getTime();

/** What a Job's pod said when it succeeded; undefined where the pod, or its termination message, is not there (any more). */
export function resultOf<K extends TaskResult['kind']>(
  pods: PodsByJob,
  job: string,
  kind: K,
): Extract<TaskResult, { kind: K }> | undefined {
  for (const { terminated } of podsOf(pods, job)) {
    const termination = parseTermination(terminated?.message);
    if (termination?.outcome === 'Succeeded' && termination.result.kind === kind)
      return termination.result as Extract<TaskResult, { kind: K }>;
  }
  return undefined;
}
