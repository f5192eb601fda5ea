import { setTimeout as wait } from 'node:timers/promises';
import { toDdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import { formatRanges } from '../../api/ranges.ts';
import type { AggregateTask } from '../../api/task.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';

/** Seconds between two looks into the store: doubled after each that finds nothing new. /healthz waits ten times as long. */
const [firstPause, longestPause] = [5, 60];

/** Looks in a row that the store may leave unanswered: a wait of days must not end with a passing outage. */
const mostUnanswered = 10;

/** Whether a model is trained by a run on another cluster. */
export const isAwaited = ({ own }: Pick<AggregateTask, 'own'>, index: number): boolean =>
  own !== undefined && (index < own.first || index > own.last);

/** Waits so many seconds, or until the signal comes. */
const pauseFor = (seconds: number, signal: AbortSignal): Promise<void> =>
  wait(seconds * 1000, undefined, { signal }).catch(() => {});

/** Of some models those that are not in the store. */
async function missingOf(
  task: AggregateTask,
  indices: readonly number[],
  { store }: TrainerContext,
): Promise<readonly number[]> {
  const { model } = runLayout(task.directory);
  const missing: number[] = [];
  for (const index of indices) if (!(await store.exists(model(task.models[index] ?? '').final))) missing.push(index);
  return missing;
}

/** Tells what is missing, and what a wrong spec or other data on another cluster would look like. */
async function logWait(task: AggregateTask, missing: readonly number[], { store, logger }: TrainerContext) {
  const ours = new Set(task.models);
  const others = (await store.list(runLayout(task.directory).models)).filter((hash) => !ours.has(hash));
  const fields = { missing: formatRanges(missing), dataset: task.dataset, otherAddresses: others.length };
  logger.info(fields, 'waiting for models of other clusters; those of another spec or other data have other addresses');
}

/**
 * Waits until the models that runs on other clusters train are in the store, for as long as it takes: what ends it is a
 * signal, or a store that does not answer any more. Looks have no memory, so that a new process goes on as the one before.
 * @param pause waits so many seconds, less where the signal comes
 * @throws DdrError Interrupted, and what the store throws ten times in a row
 */
export async function awaitModels(task: AggregateTask, context: TrainerContext, pause = pauseFor): Promise<void> {
  const total = task.models.filter((hash) => hash !== null).length;
  let missing: readonly number[] = task.models.flatMap((hash, index) =>
    hash !== null && isAwaited(task, index) ? index : [],
  );
  let [known, unanswered, seconds] = [Number.POSITIVE_INFINITY, 0, firstPause];
  while (missing.length > 0) {
    try {
      missing = await missingOf(task, missing, context);
      if (missing.length === 0) return;
      if (missing.length < known) await logWait(task, missing, context);
      seconds = missing.length < known ? firstPause : Math.min(2 * seconds, longestPause);
      [known, unanswered] = [missing.length, 0];
    } catch (thrown) {
      const error = toDdrError(thrown);
      if (error.code !== 'FileAccess' || ++unanswered >= mostUnanswered) throw error;
      context.logger.warn({ error: error.describe(), unanswered }, 'the store does not answer; asked again');
    }
    context.progress({ phase: 'Waiting', done: total - missing.length, total });
    await stopIfAsked(context, waitStopped);
    await pause(seconds, context.signal);
    await stopIfAsked(context, waitStopped);
  }
}

const waitStopped = 'stopped while waiting for models of other clusters; the next attempt looks again';
