import { ExitCode } from '../../api/exitCodes.ts';
import type { RunStatus } from '../../api/status.ts';
import { parseTermination } from '../../api/termination.ts';
import type { Observed, ObservedJob, ObservedPod } from './observed.ts';
import { formatRanges } from './ranges.ts';
import { podsOf, type Stage } from './stage.ts';

export type Failure = NonNullable<RunStatus['failures']>[number];

/** Failures that the status lists at most: its size must not grow with S. */
const most = 10;
const longestMessage = 2000;
const logLines = 12;

/** Milliseconds after which a pod that cannot start is worth a word: until then a claim is bound, or a GPU comes free. */
const blockedFor = 30_000;

/** Without the half of a pair of surrogates at its end: the API server would store another character, and never be equal. */
const cut = (text: string) => text.slice(0, longestMessage).toWellFormed();

const wasStopped = (exitCode: number | undefined) => exitCode === ExitCode.Interrupted || exitCode === ExitCode.Fenced;

/** Why a Job failed: its pod's own last word, else the tail of its log, else what Kubernetes says. */
function describeFailed(observed: Observed, job: ObservedJob): Failure {
  const late = job.reason === 'DeadlineExceeded';
  const ended = podsOf(observed, job.name).filter(({ terminated }) => terminated && terminated.exitCode !== 0);
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
      message: cut(text),
      log: log.slice(-logLines),
    };
  }
  const tail = (word?.log ?? pod?.terminated?.message?.trimEnd().split('\n'))?.slice(-logLines);
  const end =
    pod?.terminated === undefined
      ? ''
      : ` The last pod ended with exit code ${pod.terminated.exitCode} (${pod.terminated.reason}).`;
  return {
    job: job.name,
    ...(pod === undefined ? {} : { pod: pod.name }),
    reason: job.reason || 'JobFailed',
    message: cut(`${job.message}.${end}`),
    ...(tail === undefined ? {} : { log: tail }),
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

/** A pod that cannot start, though nothing has failed yet. */
function describeBlocked(observed: Observed, job: ObservedJob, now: Date): Failure | undefined {
  const pod = podsOf(observed, job.name).find((pod) => (blockedIn(pod, now) ?? 1) <= 0);
  if (pod?.blocked === undefined) return undefined;
  return {
    job: job.name,
    pod: pod.name,
    reason: pod.blocked.reason,
    message: cut(pod.blocked.message),
  };
}

/** What failed, then what cannot start; models with the range of their states. */
export function failuresOf(stage: Stage, observed: Observed, now: Date): Failure[] {
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
    phase === 'failed' && job !== undefined ? [withStates(describeFailed(observed, job), states)] : [],
  );
  const blocked = children.flatMap(({ phase, job, states }) => {
    const failure = phase === 'active' && job !== undefined ? describeBlocked(observed, job, now) : undefined;
    return failure === undefined ? [] : [withStates(failure, states)];
  });
  return [...failed, ...blocked].slice(0, most);
}
