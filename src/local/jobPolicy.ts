import { compact } from '../api/compact.ts';
import type { JobCondition, JobSpec, JobStatus, JobView, PodView } from './jobObjects.ts';

/** The first rule of the pod failure policy that a failed pod matches (KEP-3329), and its place in the policy. */
function matchingRule({ podFailurePolicy: { rules } }: JobSpec, { ended, conditions }: PodView) {
  const at = rules.findIndex(({ onExitCodes, onPodConditions }) => {
    if (onExitCodes !== undefined) {
      if (ended === undefined || ended.exitCode === 0) return false;
      const { containerName, operator, values } = onExitCodes;
      if (containerName !== undefined && containerName !== ended.container) return false;
      return values.includes(ended.exitCode) === (operator === 'In');
    }
    return (onPodConditions ?? []).some((wanted) =>
      conditions.some(({ type, status }) => type === wanted.type && status === wanted.status),
    );
  });
  return at < 0 ? undefined : { at, action: rules[at]?.action };
}

/** Milliseconds before a failed pod's successor, doubling; Kubernetes waits ten times as long. */
const firstDelay = 1000;
const longestDelay = 30_000;

export interface JobDecision {
  status: JobStatus;
  /** Completion indexes that get a pod now. */
  create: number[];
  /** Pods to end. */
  remove: PodView[];
  /** Milliseconds since 1970 when something is due by the clock alone. */
  lookAt: number | undefined;
}

/** Why a Job has to fail, in Kubernetes' words. */
function causeOfFailure(
  { namespace, spec, status }: JobView,
  pods: readonly PodView[],
  counted: number,
  deadline: number | undefined,
  now: number,
): { reason: string; message: string } | undefined {
  const decided = status.conditions.find(({ type }) => type === 'FailureTarget');
  if (decided !== undefined) return { reason: decided.reason, message: decided.message };
  for (const pod of pods.filter(({ failed }) => failed)) {
    const rule = matchingRule(spec, pod);
    if (rule?.action !== 'FailJob') continue;
    const message = `Container ${pod.ended?.container} for pod ${namespace}/${pod.name} failed with exit code ${pod.ended?.exitCode} matching FailJob rule at index ${rule.at}`;
    return { reason: 'PodFailurePolicy', message };
  }
  if (counted > spec.backoffLimit)
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (deadline !== undefined && now >= deadline)
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  return undefined;
}

/** When a Job that began at a time has been active for too long. */
function deadlineOf({ activeDeadlineSeconds }: JobSpec, startTime: string | undefined): number | undefined {
  if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
  return Date.parse(startTime) + activeDeadlineSeconds * 1000;
}

/** Makes conditions; one that was there before keeps the time of its transition. */
const conditionMaker =
  ({ conditions }: JobStatus, time: string) =>
  (type: string, status: 'True' | 'False', reason: string, message: string): JobCondition => {
    const before = conditions.find((known) => known.type === type && known.status === status);
    return { type, status, reason, message, lastTransitionTime: before?.lastTransitionTime ?? time };
  };

/**
 * What Kubernetes' Job controller decides, for the fields that the operator's Jobs use: Indexed completion, backoffLimit,
 * podFailurePolicy, suspend, activeDeadlineSeconds, and podReplacementPolicy Failed: a pod has a successor when it has ended.
 * Pure. @param now milliseconds since 1970
 */
export function decide(job: JobView, pods: readonly PodView[], now: number): JobDecision {
  const { spec, status } = job;
  const time = new Date(now).toISOString();
  const working = pods.filter((pod) => pod.working);
  const failed = pods.filter((pod) => pod.failed);
  const ignored = failed.filter((pod) => matchingRule(spec, pod)?.action === 'Ignore');
  const done = new Set(pods.filter(({ succeeded }) => succeeded).map(({ index }) => index));
  const suspended = status.conditions.some(({ type, status }) => type === 'Suspended' && status === 'True');
  const startTime = spec.suspend ? undefined : ((suspended ? undefined : status.startTime) ?? time);
  const deadline = deadlineOf(spec, startTime);
  const condition = conditionMaker(status, time);
  const decision = (
    conditions: JobCondition[],
    rest: Partial<Omit<JobDecision, 'status'>> & { completionTime?: string } = {},
  ): JobDecision => {
    const { create = [], remove = [], lookAt, completionTime } = rest;
    const deleting = working.filter((pod) => pod.deleting || remove.includes(pod)).length;
    return {
      status: {
        ...compact({ startTime, completionTime }),
        active: working.length - deleting + create.length,
        terminating: deleting,
        succeeded: done.size,
        failed: failed.length - ignored.length,
        conditions,
      },
      create,
      remove: remove.filter((pod) => !pod.deleting),
      lookAt,
    };
  };

  const cause = causeOfFailure(job, pods, failed.length - ignored.length, deadline, now);
  if (cause !== undefined) {
    const target = condition('FailureTarget', 'True', cause.reason, cause.message);
    if (working.length > 0) return decision([target], { remove: working }); // Failed when the last pod has ended
    return decision([target, condition('Failed', 'True', cause.reason, cause.message)]);
  }
  if (done.size >= spec.completions) {
    const [reason, message] = ['CompletionsReached', 'Reached expected number of succeeded pods'];
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => condition(type, 'True', reason, message));
    return decision(conditions, { completionTime: time });
  }
  if (spec.suspend) {
    return decision([condition('Suspended', 'True', 'JobSuspended', 'Job suspended')], { remove: working });
  }
  const wasSuspended = status.conditions.some(({ type }) => type === 'Suspended');
  const conditions = wasSuspended ? [condition('Suspended', 'False', 'JobResumed', 'Job resumed')] : [];
  const busy = new Set(working.map(({ index }) => index));
  const wanted = Array.from({ length: spec.completions }, (_, index) => index)
    .filter((index) => !done.has(index) && !busy.has(index))
    .slice(0, Math.max(0, spec.parallelism - working.length));
  const due = wanted.length === 0 ? undefined : dueAt(failed);
  const waits = due !== undefined && due > now;
  const times = [deadline, waits ? due : undefined].filter((at) => at !== undefined);
  return decision(conditions, {
    create: waits ? [] : wanted,
    lookAt: times.length === 0 ? undefined : Math.min(...times),
  });
}

/** When failed pods may have a successor. Ignored failures wait too: a pod that ends at once must not be a busy loop. */
function dueAt(failed: readonly PodView[]): number {
  if (failed.length === 0) return 0;
  const last = Math.max(...failed.map(({ ended }) => ended?.at ?? 0));
  return last + Math.min(longestDelay, firstDelay * 2 ** Math.min(failed.length - 1, 30));
}
