import { compact } from '../../api/compact.ts';
import { ExitCode } from '../../api/exitCodes.ts';
import type { RunStatus } from '../../api/status.ts';
import { parseTermination } from '../../api/termination.ts';
import type { Child } from './child.ts';
import type { Children } from './children.ts';
import type { Observed, ObservedJob, ObservedPod } from './observed.ts';
import { type PodsByJob, podsOf } from './pods.ts';
import { formatRanges } from './ranges.ts';
import { cutText } from './text.ts';

export type Failure = NonNullable<RunStatus['failures']>[number];

/** Failures that the status lists at most: its size must not grow with S. */
const most = 10;
const longestMessage = 2000;
const logLines = 12;

/** Milliseconds after which a pod that cannot start is worth a word: until then a claim is bound, or a GPU comes free. */
const blockedFor = 30_000;

/** The end of a log, in characters that the API server stores as they are. */
const tailOf = (lines: readonly string[]) => lines.slice(-logLines).map((line) => line.toWellFormed());

const wasStopped = (exitCode: number | undefined) => exitCode === ExitCode.Interrupted || exitCode === ExitCode.Fenced;

/** Why a Job failed: its pod's own termination message, else the tail of its log, else what Kubernetes says. */
function describeFailed(pods: PodsByJob, job: ObservedJob): Failure {
  const late = job.reason === 'DeadlineExceeded';
  const ended = podsOf(pods, job.name).filter(({ terminated }) => terminated && terminated.exitCode !== 0);
  // Pods that were stopped are not why: another shard failed, or the Job's time was over.
  const pod = (late ? undefined : ended.find(({ terminated }) => !wasStopped(terminated?.exitCode))) ?? ended[0];
  const said = parseTermination(pod?.terminated?.message);
  const failure = said?.outcome === 'Failed' ? said : undefined;
  if (failure !== undefined && !late && !wasStopped(pod?.terminated?.exitCode)) {
    const { code, message, where, hint, log } = failure;
    const text = `${message}${where === undefined ? '' : ` (${where})`}${hint === undefined ? '' : ` ${hint}`}`;
    return {
      job: job.name,
      pod: pod?.name,
      reason: code,
      message: cutText(text, longestMessage),
      log: tailOf(log),
    };
  }
  const lines = failure?.log ?? pod?.terminated?.message?.trimEnd().split('\n');
  const end =
    pod?.terminated === undefined
      ? ''
      : ` The last pod ended with exit code ${pod.terminated.exitCode} (${pod.terminated.reason}).`;
  return compact({
    job: job.name,
    pod: pod?.name,
    reason: job.reason || 'JobFailed',
    message: cutText(`${job.message}.${end}`, longestMessage),
    log: lines && tailOf(lines),
  });
}

/** Milliseconds until a pod counts as one that cannot start, 0 or less if it does; undefined where nothing holds it up. */
function blockedIn({ blocked, deleting, createdAt }: ObservedPod, now: Date): number | undefined {
  if (blocked === undefined || deleting) return undefined;
  return Date.parse(createdAt) + blockedFor - now.getTime();
}

/** Milliseconds until the next of the pods that are held up counts as one that cannot start; undefined where there is none. */
export function nextBlocked({ pods }: Observed, now: Date): number | undefined {
  const waits = pods.flatMap((pod) => blockedIn(pod, now) ?? []).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : waits.reduce((least, wait) => Math.min(least, wait));
}

function isBlocked(pod: ObservedPod, now: Date): boolean {
  const wait = blockedIn(pod, now);
  return wait !== undefined && wait <= 0;
}

/** A pod that cannot start, though nothing has failed yet. */
function describeBlocked(pods: PodsByJob, job: ObservedJob, now: Date): Failure | undefined {
  const pod = podsOf(pods, job.name).find((pod) => isBlocked(pod, now));
  if (pod?.blocked === undefined) return undefined;
  return {
    job: job.name,
    pod: pod.name,
    reason: pod.blocked.reason,
    message: cutText(pod.blocked.message, longestMessage),
  };
}

/** What failed, then what cannot start; models with the range of their states. */
export function failuresOf({ all, pods }: Children, now: Date): Failure[] {
  const described = (phase: Child['phase'], describe: (job: ObservedJob) => Failure | undefined) =>
    all.flatMap((child) => {
      const failure = child.phase === phase && child.job !== undefined ? describe(child.job) : undefined;
      if (failure === undefined) return [];
      return [
        compact({ ...failure, states: child.model && formatRanges(child.model.states.map(({ index }) => index)) }),
      ];
    });
  const failed = described('failed', (job) => describeFailed(pods, job));
  const blocked = described('active', (job) => describeBlocked(pods, job, now));
  return [...failed, ...blocked].slice(0, most);
}
