import { toDdrError } from '../../api/errors.ts';
import type { Progress } from '../../api/progress.ts';
import type { Run } from '../../api/run.ts';
import { type RunStatus, statusSchema } from '../../api/status.ts';
import type { Clock } from '../kube/clock.ts';
import type { Cluster, KubeObject } from '../kube/cluster.ts';
import type { EventRecorder } from '../kube/events.ts';
import { type Logger, messageOf } from '../kube/logger.ts';
import type { Store } from '../kube/store.ts';
import { type Plan, plan } from '../plan/plan.ts';
import type { Settings } from '../plan/pod.ts';
import { invalidStatus, refusedStatus } from '../plan/status.ts';
import { transitionEvents } from '../plan/transitions.ts';
import { types } from '../types.ts';
import type { ChildWriter } from './childWriter.ts';
import { observe, type Stores } from './observe.ts';
import type { RunReader } from './runReader.ts';
import type { StatusWriter } from './statusWriter.ts';

export interface ReconcilerOptions {
  cluster: Cluster;
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
  recorder: EventRecorder;
}

/** When to look again though nothing changes; undefined where nothing is due by the clock. */
export interface Outcome {
  requeueAfterMs?: number | undefined;
}

const isRefused = (status: RunStatus | undefined): boolean =>
  status?.conditions?.some(({ status, reason }) => status === 'True' && reason === 'ChildRefused') === true;

/** The soonest of times, in milliseconds from now, of which some may be none. */
const soonest = (times: readonly (number | undefined)[]): number | undefined => {
  const due = times.filter((time) => time !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
};

/** Brings the run of a key closer to what its spec asks for, once. */
export function createReconciler(options: ReconcilerOptions): (key: string) => Promise<Outcome> {
  const { cluster, clock, logger, settings, runs, stores, progress, reader, children, statuses, recorder } = options;

  /**
   * Carries a plan out. Its status does not wait for the children, of which there may be thousands; unless one was refused:
   * then only the next try tells whether the status is still true.
   * @throws the refusal of a child; it is tried again after a growing delay
   */
  async function carryOut(key: string, object: KubeObject, before: RunStatus | undefined, planned: Plan) {
    const wasRefused = isRefused(before);
    let rest = wasRefused ? 0 : await statuses.write(object, before, planned.status);
    const { done, changes, refusal } = await children.apply(key, planned);
    if (refusal !== undefined || wasRefused) {
      const refused = () => refusedStatus(before, planned.status, messageOf(refusal), new Date(clock.now()));
      rest = await statuses.write(object, before, refusal === undefined ? planned.status : refused());
    }
    // What is not written yet is news when it is.
    const written = rest > 0 && before !== undefined ? before : planned.status;
    for (const event of transitionEvents(before, written, changes)) await recorder.record(object, event);
    if (done && refusal !== undefined) throw refusal;
    return soonest([planned.requeueAfterMs, done ? undefined : 0, rest > 0 ? rest : undefined]);
  }

  return async function reconcile(key) {
    const object = runs.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      for (const each of [reader, children, statuses]) each.forget(key);
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
    const planned = plan(run, observe(stores, progress, uid ?? ''), now, settings);
    if (planned.expired) {
      logger.info({ run: key }, 'time to live is over');
      await cluster.delete(types.run, namespace ?? '', name, uid);
      return {};
    }
    return { requeueAfterMs: await carryOut(key, object, before, planned) };
  };
}
