import { toDdrError } from '../../api/errors.ts';
import type { Progress } from '../../api/progress.ts';
import type { Run } from '../../api/run.ts';
import { type RunStatus, statusSchema } from '../../api/status.ts';
import { type Client, type KubeObject, keyOf } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../kube/logger.ts';
import type { Store } from '../kube/store.ts';
import { type Plan, plan } from '../plan/plan.ts';
import type { Settings } from '../plan/pod.ts';
import { invalidStatus } from '../plan/status.ts';
import { transitionEvents } from '../plan/transitions.ts';
import { types } from '../types.ts';
import type { ChildWriter } from './childWriter.ts';
import { observe, type Stores } from './observe.ts';
import type { Refusals } from './refusals.ts';
import type { RunReader } from './runReader.ts';
import type { StatusWriter } from './statusWriter.ts';

export interface ReconcilerOptions {
  client: Client;
  clock: Clock;
  logger: Logger;
  settings: Settings;
  runs: Store;
  stores: Stores;
  /** Last answers of running pods, by name. */
  progress: ReadonlyMap<string, Progress>;
  reader: RunReader;
  children: ChildWriter;
  statuses: StatusWriter;
  refusals: Refusals;
  recorder: EventRecorder;
}

/** When to look again though nothing changes; undefined where nothing is due by the clock. */
export interface NextLook {
  requeueAfterMs?: number | undefined;
}

/** Milliseconds after a refusal until the next look. */
const othersAfter = 1000;

/** The soonest of times, in milliseconds from now, of which some may be none. */
const soonest = (times: readonly (number | undefined)[]): number | undefined => {
  const due = times.filter((time) => time !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
};

/** Brings the run of a key closer to what its spec asks for, once. */
export function createReconciler(options: ReconcilerOptions): (key: string) => Promise<NextLook> {
  const { client, clock, logger, settings, runs, stores, progress } = options;
  const { reader, children, statuses, refusals, recorder } = options;

  /**
   * Carries a plan out. Its status does not wait for the children, of which there may be thousands, nor they for it.
   * @param statusNow the status as children and refusals stand when it is called
   * @throws what kept a child from being written that was no refusal; it is tried again after a growing delay
   */
  async function carryOut(
    object: KubeObject,
    before: RunStatus | undefined,
    planned: Plan,
    statusNow: () => RunStatus,
  ) {
    const key = keyOf(object);
    let { status } = planned;
    const [written, applied] = await Promise.allSettled([
      statuses.write(object, before, status),
      children.apply(key, planned),
    ]);
    if (applied.status === 'rejected') throw applied.reason;
    const { done, changes, failure, ...outcome } = applied.value;
    refusals.note(object, outcome);
    if (written.status === 'rejected') throw written.reason;
    let rest = written.value;
    const { refused } = outcome;
    if (refused.size > 0) {
      for (const [child, error] of refused)
        logger.error({ run: key, child, error }, 'child refused; it is tried again');
      const last = rest > 0 ? before : status;
      status = statusNow();
      rest = await statuses.write(object, last, status);
    }
    // What is not written yet is news when it is.
    const told = rest > 0 && before !== undefined ? before : status;
    await Promise.all(transitionEvents(before, told, changes).map((event) => recorder.record(object, event)));
    if (failure !== undefined) throw failure;
    const again = refused.size === 0 ? planned.requeueAfterMs : othersAfter; // others may have their slots
    return soonest([again, done ? undefined : 0, rest > 0 ? rest : undefined]);
  }

  return async function reconcile(key) {
    const object = runs.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      for (const each of [reader, children, statuses, refusals]) each.forget(key);
      return {}; // the garbage collector takes the children
    }
    const now = new Date(clock.now());
    // A status that another version wrote, or somebody edited, says nothing about the spec: it is written anew.
    const before = statusSchema.safeParse(object.status).data;
    let run: Run;
    try {
      run = reader.read(object, before);
    } catch (error) {
      const status = invalidStatus(object.metadata.generation, before, toDdrError(error).describe(), now);
      const rest = await statuses.write(object, before, status);
      return rest > 0 ? { requeueAfterMs: rest } : {};
    }
    const { namespace, name, uid } = object.metadata;
    const look = () => plan(run, observe(stores, progress, object.metadata), now, settings, refusals.of(object));
    const planned = look();
    if (planned.expired) {
      logger.info({ run: key }, 'time to live is over');
      await client.delete(types.run, namespace ?? '', name, uid);
      return {};
    }
    return { requeueAfterMs: await carryOut(object, before, planned, () => look().status) };
  };
}
