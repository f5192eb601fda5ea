import { compact } from '../../api/compact.ts';
import { formatRanges } from '../../api/ranges.ts';
import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { isBlocked, isPodless, noPods } from './blocked.ts';
import { secretRemedy } from './buckets.ts';
import type { Child } from './child.ts';
import type { Children } from './children.ts';
import type { ObservedJob } from './observed.ts';
import { endedBadly, howItEnded, logOf, saidBy, tailOf, wasStopped } from './podEnd.ts';
import { type PodsByJob, podsOf } from './pods.ts';
import { cutText } from './text.ts';

export type Failure = NonNullable<RunStatus['failures']>[number];

/** Failures that the status lists at most: its size must not grow with S. */
const most = 10;
const longestMessage = 2000;

/** Of a prepare Job that succeeded and has not said what it found. */
const silent = {
  reason: 'ResultUnknown',
  message:
    "The pod of the prepare step ended without saying what it found; is execution.image, or the operator's default, the trainer of this operator's version?",
};

/** Why a Job failed: its pod's own termination message, else the tail of its log, else what Kubernetes says. */
function describeFailed(pods: PodsByJob, job: ObservedJob): Failure {
  if (job.finished === 'Complete') return compact({ job: job.name, pod: podsOf(pods, job.name)[0]?.name, ...silent });
  const late = job.reason === 'DeadlineExceeded';
  const ended = podsOf(pods, job.name).filter(endedBadly);
  // Pods that were stopped are not why: another shard failed, or the Job's time was over.
  const pod = (late ? undefined : ended.find((each) => !wasStopped(each))) ?? ended[0];
  const said = pod && saidBy(pod);
  if (said !== undefined && !late && pod !== undefined && !wasStopped(pod)) {
    const { reason, message, log } = said;
    return { job: job.name, pod: pod.name, reason, message: cutText(message, longestMessage), log: tailOf(log) };
  }
  const end = pod === undefined ? '' : ` The last pod ${howItEnded(pod)}.`;
  return compact({
    job: job.name,
    pod: pod?.name,
    reason: job.reason || 'JobFailed',
    message: cutText(`${job.message}.${end}`, longestMessage),
    log: pod && logOf(pod),
  });
}

/** A pod that cannot start, or is not made, though nothing has failed yet. */
function describeBlocked(run: Run, children: Children, job: ObservedJob, now: Date): Failure | undefined {
  const pod = podsOf(children.pods, job.name).find((pod) => isBlocked(pod, now));
  if (pod?.blocked === undefined) {
    if (!isPodless(children, job, now)) return undefined;
    const message = `Kubernetes makes no pod for it since ${job.idleSince}; kubectl describe job ${job.name} says why: a quota on pods, an admission webhook, or the Pod Security level of the namespace.`;
    return { job: job.name, reason: noPods, message };
  }
  const { reason, message } = pod.blocked;
  const said = cutText(message, longestMessage);
  return { job: job.name, pod: pod.name, reason, message: `${said}${secretRemedy(run, message)}` };
}

/** The last failed attempt of a Job that goes on. What was nobody's fault is none. */
function describeAttempt(pods: PodsByJob, job: ObservedJob, attempts: number): Failure | undefined {
  if (job.failed === 0) return undefined;
  const pod = podsOf(pods, job.name).find((each) => endedBadly(each) && !wasStopped(each) && !each.disrupted);
  if (pod?.terminated === undefined) return undefined;
  const said = saidBy(pod);
  return compact({
    job: job.name,
    pod: pod.name,
    attempt: `${job.failed} of ${Math.max(job.failed, attempts)}`,
    reason: said?.reason ?? (pod.terminated.reason || 'Error'),
    message: cutText(said?.message ?? `The pod ${howItEnded(pod)}.`, longestMessage),
    log: logOf(pod),
  });
}

/** The first failures of the children of a phase; models with the range of their states. */
function describe(
  children: readonly Child[],
  phase: Child['phase'],
  count: number,
  describeJob: (job: ObservedJob) => Failure | undefined,
): Failure[] {
  const found: Failure[] = [];
  for (const child of children) {
    if (found.length >= count) break;
    const failure = child.phase === phase && child.job !== undefined ? describeJob(child.job) : undefined;
    if (failure === undefined) continue;
    const states = child.model && formatRanges(child.model.states.map(({ index }) => index));
    found.push(compact({ ...failure, states }));
  }
  return found;
}

/** The first Job of which a pod cannot start, or is not made. */
export const firstBlocked = (run: Run, children: Children, now: Date): Failure | undefined =>
  describe(children.all, 'active', 1, (job) => describeBlocked(run, children, job, now))[0];

/** What failed, then what cannot start, then what failed and is tried again. */
export function failuresOf(run: Run, children: Children, now: Date): Failure[] {
  const { all, pods } = children;
  const attempts = run.spec.execution.retries.perModel + 1;
  return [
    ...describe(all, 'failed', most, (job) => describeFailed(pods, job)),
    ...describe(all, 'active', most, (job) => describeBlocked(run, children, job, now)),
    ...describe(all, 'active', most, (job) => describeAttempt(pods, job, attempts)),
  ].slice(0, most);
}

/** One sentence per failure, for conditions and events. */
export function failureText(failures: readonly Failure[]): string {
  return failures
    .map(({ job, pod, attempt, states, reason, message }) => {
      const what = states === undefined ? `Job ${job}` : `Model of states ${states} (Job ${job})`;
      const where = `${pod === undefined ? '' : `, pod ${pod}`}${attempt === undefined ? '' : `, attempt ${attempt}`}`;
      return `${what}${where}: ${reason}: ${message}`;
    })
    .join('\n');
}
