import { contentHash } from '../../api/hash.ts';
import { retryAnnotation } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { cutText } from './text.ts';

/** Characters of the annotation that count: the status repeats it. */
const longest = 253;

/** What the annotation `tspace.dev/retry-at` of a run says; any text. */
export function retryOf({ metadata }: Run): string | undefined {
  const value = metadata.annotations?.[retryAnnotation];
  return value === undefined ? undefined : cutText(value, longest);
}

/** The same in the letters that a label may have. */
export function retryHash(run: Run): string | undefined {
  const retry = retryOf(run);
  return retry === undefined ? undefined : contentHash(retry);
}

/** Whether the run is to be tried again, and its status does not know of it yet. */
const isRetried = (run: Run): boolean =>
  run.status !== undefined && retryOf(run) !== undefined && retryOf(run) !== run.status.observedRetryAt;

/**
 * The run, and where it had failed and is tried again now, without what its end had left in the status: its time begins anew, and
 * failed pods are counted from now on. What is known of data, bundle and results stays.
 */
export function beginAgain(run: Run): Run {
  const { status } = run;
  if (status?.phase !== 'Failed' || !isRetried(run)) return run;
  const { phase: _phase, startedAt: _startedAt, finishedAt: _finishedAt, ...kept } = status;
  const conditions = status.conditions?.filter(({ type }) => type !== 'Failed') ?? [];
  return { ...run, status: { ...kept, conditions } };
}
