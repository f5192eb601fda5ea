import { toDdrError } from '../../api/errors.ts';
import type { Progress } from '../../api/progress.ts';
import { parseRun, type Run } from '../../api/run.ts';
import { statusSchema } from '../../api/status.ts';
import type { Clock } from '../kube/clock.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Logger } from '../kube/logger.ts';
import type { Store } from '../kube/store.ts';
import { plan } from '../plan/plan.ts';
import type { Settings } from '../plan/pod.ts';
import { invalidStatus } from '../plan/status.ts';
import { transitionEvents } from '../plan/transitions.ts';
import { types } from '../types.ts';
import type { ChildWriter, Outcome } from './childWriter.ts';
import { observe, type Stores } from './observe.ts';
import type { Refusals } from './refusals.ts';
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
  children: ChildWriter;
  statuses: StatusWriter;
  refusals: Refusals;
  recorder: EventRecorder;
}

/** Milliseconds after a refusal until the next look. */
const othersAfter = 1000;

/** Brings the run of a key closer to what its spec asks for, once. @returns when to look again though nothing changes */
export function createReconciler(options: ReconcilerOptions) {
  const { cluster, clock, logger, settings, runs, stores, progress, children, statuses, refusals, recorder } = options;
  return async function reconcile(key: string): Promise<{ requeueAfterMs?: number | undefined }> {
    const object = runs.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      statuses.forget(key);
      refusals.forget(key);
      return {}; // the garbage collector takes the children
    }
    const now = new Date(clock.now());
    // A status that another version wrote, or somebody edited, says nothing about the spec: it is written anew.
    const before = statusSchema.safeParse(object.status).data;
    let run: Run;
    try {
      run = parseRun({ ...object, status: before });
    } catch (error) {
      const status = invalidStatus(object.metadata.generation, before, toDdrError(error).describe(), now);
      await statuses.write(object, before, status);
      return {};
    }
    const { namespace, name, uid } = object.metadata;
    const observed = observe(stores, progress, object.metadata);
    const planned = plan(run, observed, now, settings, refusals.of(object));
    if (planned.expired) {
      logger.info({ run: key }, 'time to live is over');
      await cluster.delete(types.run, namespace ?? '', name, uid);
      return {};
    }
    let outcome: Outcome;
    try {
      outcome = await children.apply(run.metadata.namespace, planned);
    } catch (error) {
      await statuses.write(object, before, planned.status);
      throw error; // tried again, after a growing delay
    }
    const { taken, refused } = outcome;
    const create = planned.create.filter(({ metadata }) => taken.has(metadata.name));
    refusals.note(object, outcome);
    for (const [child, error] of refused) logger.error({ run: key, child, error }, 'child refused; it is tried again');
    const status = refused.size === 0 ? planned.status : plan(run, observed, now, settings, refusals.of(object)).status;
    await statuses.write(object, before, status);
    for (const event of transitionEvents(before, status, { ...planned, create })) await recorder.record(object, event);
    // Others may have the slots of those that were refused.
    return { requeueAfterMs: refused.size === 0 ? planned.requeueAfterMs : othersAfter };
  };
}
