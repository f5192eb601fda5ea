import { ExitCode } from '../../api/exitCodes.ts';
import type { RunStatus } from '../../api/status.ts';
import { parseTermination } from '../../api/termination.ts';
import type { Observed, ObservedJob } from './observed.ts';
import { formatRanges } from './ranges.ts';
import { podsOf, type Stage } from './stage.ts';

export type Failure = NonNullable<RunStatus['failures']>[number];

/** Failures that the status lists at most: its size must not grow with S. */
const most = 10;
const longestMessage = 2000;
const logLines = 12;

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
      message: text.slice(0, longestMessage),
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
    message: `${job.message}.${end}`.slice(0, longestMessage),
    ...(tail === undefined ? {} : { log: tail }),
  };
}

/** A pod that cannot start, though nothing has failed yet. */
function describeBlocked(observed: Observed, job: ObservedJob): Failure | undefined {
  const pod = podsOf(observed, job.name).find(({ blocked, deleting }) => blocked !== undefined && !deleting);
  if (pod?.blocked === undefined) return undefined;
  return {
    job: job.name,
    pod: pod.name,
    reason: pod.blocked.reason,
    message: pod.blocked.message.slice(0, longestMessage),
  };
}

/** What failed, then what cannot start; models with the range of their states. */
export function failuresOf(stage: Stage, observed: Observed): Failure[] {
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
    const failure = phase === 'active' && job !== undefined ? describeBlocked(observed, job) : undefined;
    return failure === undefined ? [] : [withStates(failure, states)];
  });
  return [...failed, ...blocked].slice(0, most);
}
