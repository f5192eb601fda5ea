import { retryAnnotation } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { type Children, isBroken, isOver, lastStepOf } from './children.ts';

/** Why a run does nothing more for now, or for good. */
export type Halt =
  | { kind: 'cancelled' }
  | { kind: 'suspended' }
  | { kind: 'failed'; reason: 'RetriesExhausted' | 'DeadlineExceeded'; message: string };

/** When the run's deadline passes, in milliseconds since 1970. */
export function deadlineOf({ spec, status }: Run): number | undefined {
  const { runSeconds } = spec.execution.deadlines;
  if (runSeconds === undefined || status?.startedAt === undefined) return undefined;
  return Date.parse(status.startedAt) + runSeconds * 1000;
}

/** Whether the run must stop, though not all of its work is done. */
export function haltOf(run: Run, children: Children, now: Date): Halt | undefined {
  const { retries } = children;
  if (isOver(children, lastStepOf(children))) return undefined; // all is done: nothing is left to stop
  const { cancel, suspend, execution } = run.spec;
  if (cancel) return { kind: 'cancelled' };
  const { total } = execution.retries;
  if (retries > total) {
    const message = `${retries} pods have failed, more than execution.retries.total (${total}) allows. Fix the cause, then raise it or set the annotation ${retryAnnotation} to a new value.`;
    return { kind: 'failed', reason: 'RetriesExhausted', message };
  }
  const deadline = deadlineOf(run);
  if (deadline !== undefined && now.getTime() >= deadline && !isBroken(children)) {
    const message = `The run took longer than execution.deadlines.runSeconds (${execution.deadlines.runSeconds}). What is trained stays; raise it, or set the annotation ${retryAnnotation} to a new value, to go on.`;
    return { kind: 'failed', reason: 'DeadlineExceeded', message };
  }
  return suspend ? { kind: 'suspended' } : undefined;
}
