import { ExitCode } from '../../api/exitCodes.ts';
import type { RunStatus } from '../../api/status.ts';
import { parseTermination } from '../../api/termination.ts';
import type { Observed, ObservedJob, ObservedPod } from './observed.ts';
import { formatRanges } from './ranges.ts';
import { podsOf, type Stage } from './stage.ts';
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

/** Why a Job failed: its pod's own last word, else the tail of its log, else what Kubernetes says. */
function describeFailed(stage: Stage, job: ObservedJob): Failure {
  const late = job.reason === 'DeadlineExceeded';
  const ended = podsOf(stage, job.name).filter(({ terminated }) => terminated && terminated.exitCode !== 0);
  // Pods that were stopped are not why: another shard failed, or the Job's time was over.
  const pod = (late ? undefined : ended.find(({ terminated }) => !wasStopped(terminated?.exitCode))) ?? ended[0];
  const said = parseTermination(pod?.terminated?.message);
  const word = said?.outcome === 'Failed' ? said : undefined;
  if (word !== undefined && !late && !wasStopped(pod?.terminated?.exitCode)) {
    const { code, message, where, hint, log } = word;
    const text = `${message}${where === undefined ? '' : ` (${where})`}${hint === undefined ? '' : ` ${hint}`}`;
    return {
      job: job.name,
      pod: pod?.name,
      reason: code,
      message: cutText(text, longestMessage),
      log: tailOf(log),
    };
  }
  const lines = word?.log ?? pod?.terminated?.message?.trimEnd().split('\n');
  const end =
    pod?.terminated === undefined
      ? ''
      : ` The last pod ended with exit code ${pod.terminated.exitCode} (${pod.terminated.reason}).`;
  return {
    job: job.name,
    ...(pod === undefined ? {} : { pod: pod.name }),
    reason: job.reason || 'JobFailed',
    message: cutText(`${job.message}.${end}`, longestMessage),
    ...(lines === undefined ? {} : { log: tailOf(lines) }),
  };
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
function describeBlocked(stage: Stage, job: ObservedJob, now: Date): Failure | undefined {
  const pod = podsOf(stage, job.name).find((pod) => isBlocked(pod, now));
  if (pod?.blocked === undefined) return undefined;
  return {
    job: job.name,
    pod: pod.name,
    reason: pod.blocked.reason,
    message: cutText(pod.blocked.message, longestMessage),
  };
}

/** What failed, then what cannot start; models with the range of their states. */
export function failuresOf(stage: Stage, now: Date): Failure[] {
  const children = [
    ...stage.models.map(({ phase, job, states }) => ({
      phase,
      job,
      states: formatRanges(states.map(({ state }) => state)),
    })),
    ...stage.steps.map(({ phase, job }) => ({ phase, job, states: undefined })),
  ];
  const withStates = (failure: Failure, states: string | undefined): Failure =>
    states === undefined ? failure : { ...failure, states };
  const failed = children.flatMap(({ phase, job, states }) =>
    phase === 'failed' && job !== undefined ? [withStates(describeFailed(stage, job), states)] : [],
  );
  const blocked = children.flatMap(({ phase, job, states }) => {
    const failure = phase === 'active' && job !== undefined ? describeBlocked(stage, job, now) : undefined;
    return failure === undefined ? [] : [withStates(failure, states)];
  });
  return [...failed, ...blocked].slice(0, most);
}
