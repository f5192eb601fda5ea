import { isDeepStrictEqual } from 'node:util';
import { toDdrError } from '../api/errors.ts';
import { apiVersion, group, kind, labels, managedBy } from '../api/names.ts';
import type { Progress } from '../api/progress.ts';
import { parseRun, type Run } from '../api/run.ts';
import { type RunStatus, statusSchema } from '../api/status.ts';
import type { Clock } from './kube/clock.ts';
import { type Cluster, controllerOf, isApiError, type KubeObject, keyOf, type ResourceType } from './kube/cluster.ts';
import { Controller, type ControllerMetrics } from './kube/controller.ts';
import { EventRecorder } from './kube/events.ts';
import { type Logger, messageOf } from './kube/logger.ts';
import { Reflector } from './kube/reflector.ts';
import type { Store } from './kube/store.ts';
import { WorkQueue } from './kube/workQueue.ts';
import type { Settings } from './plan/job.ts';
import { type Observed, observeJob, observePod } from './plan/observed.ts';
import { type Plan, plan } from './plan/plan.ts';
import { invalidStatus, refusedStatus } from './plan/status.ts';
import { transitionEvents } from './plan/transitions.ts';
import { ProgressPoller } from './progressPoller.ts';
import { typeOf, types } from './types.ts';

export interface RunControllerOptions {
  cluster: Cluster;
  clock: Clock;
  random: () => number;
  logger: Logger;
  settings: Settings;
  metrics: ControllerMetrics;
  /** Only runs of this namespace; of all where left out. */
  namespace?: string | undefined;
  workers: number;
  /** Name of this process, for events. */
  instance: string;
  /** Milliseconds between two questions to running pods. */
  pollIntervalMs?: number;
}

/** Owner of the fields that the operator applies; that of `spec.suspend` is apart, since a Job's template cannot change. */
const fieldManager = managedBy;
const suspendManager = `${managedBy}-suspend`;
/** Children that are written at once for one run. */
const concurrency = 16;
/** A status that differs in progress only is written this often at most. */
const progressEveryMs = 10_000;

export interface RunController {
  /** Begins to watch. A standby watches too, so that it can take over at once. */
  watch(): void;
  /** Resolves when all stores have seen the cluster once. */
  synced: Promise<unknown>;
  hasSynced(): boolean;
  /** Begins to act. */
  start(): void;
  stop(): Promise<void>;
  runs: Store;
  /** Last answers of running pods, by name. */
  progress: ReadonlyMap<string, Progress>;
  queueDepth(): number;
}

/** The controller of runs: the same on a cluster and on one machine. */
export function createRunController(options: RunControllerOptions): RunController {
  const { cluster, clock, random, logger, settings, metrics, namespace, workers, instance } = options;
  const queue = new WorkQueue({ clock, random });
  const recorder = new EventRecorder({ cluster, clock, logger, controller: `${group}/operator`, instance });
  const reflector = (type: ResourceType, labelSelector: string | undefined, onChange: (object: KubeObject) => void) =>
    new Reflector({ cluster, type, namespace, labelSelector, clock, random, logger, onChange });
  const enqueueRun = (object: KubeObject) => {
    const run = object.metadata.labels?.[labels.run];
    if (run !== undefined) queue.add(`${object.metadata.namespace}/${run}`);
  };
  const ours = `${labels.managedBy}=${managedBy}`;
  const runs = reflector(types.run, undefined, (run) => queue.add(keyOf(run)));
  const jobs = reflector(types.job, ours, enqueueRun);
  const pods = reflector(types.pod, ours, enqueueRun);
  const claims = reflector(types.claim, ours, enqueueRun);
  const reflectors = [runs, jobs, pods, claims];
  const poller = new ProgressPoller({
    pods: pods.store,
    clock,
    onProgress: (key) => queue.add(key),
    ...(options.pollIntervalMs !== undefined && { intervalMs: options.pollIntervalMs }),
  });
  const progressWritten = new Map<string, number>();

  function observe(uid: string): Observed {
    const ownJobs = jobs.store.ownedBy(uid);
    const ownPods = ownJobs.flatMap((job) => pods.store.ownedBy(job.metadata.uid ?? ''));
    return {
      jobs: ownJobs.map(observeJob),
      pods: ownPods.map(observePod),
      claims: claims.store.ownedBy(uid).map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid ?? '' })),
      progress: poller.progress,
    };
  }

  /**
   * Creates a child. Its name follows from the spec, so that a second try, or a second operator, finds it there. An object
   * of this name that is somebody else's is left as it is: taking it over would delete it with the run.
   */
  async function create(object: KubeObject): Promise<void> {
    const type = typeOf(object.kind);
    const { namespace: childNamespace = '', name } = object.metadata;
    let child: KubeObject | undefined;
    try {
      child = await cluster.create(type, object, { fieldManager });
    } catch (error) {
      if (!isApiError(error, 409)) throw error;
      child = await cluster.get(type, childNamespace, name);
      if (child === undefined) throw error; // another conflict, as with a quota's, or it has gone meanwhile: try again
      if (controllerOf(child)?.uid !== controllerOf(object)?.uid) {
        throw new Error(`${object.kind} ${name} belongs to somebody else; delete it, or give the run another name`);
      }
    }
    (type === types.job ? jobs : claims).observe(child);
  }

  async function suspend(runNamespace: string, { name, uid, value }: Plan['suspend'][number]): Promise<void> {
    // The uid makes it fail, and not create anything, where the Job has gone meanwhile.
    const object = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: runNamespace, uid },
      spec: { suspend: value },
    };
    try {
      jobs.observe(await cluster.apply(types.job, object, { fieldManager: suspendManager }));
    } catch (error) {
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
    }
  }

  async function carryOut(run: Run, { create: created, suspend: suspended, remove }: Plan): Promise<void> {
    const { namespace: runNamespace } = run.metadata;
    const work = [
      ...remove.map(
        ({ name, uid }) =>
          () =>
            cluster.delete(types.job, runNamespace, name, uid),
      ),
      ...suspended.map((change) => () => suspend(runNamespace, change)),
      ...created.map((object) => () => create(object)),
    ];
    for (let from = 0; from < work.length; from += concurrency)
      await Promise.all(work.slice(from, from + concurrency).map((write) => write()));
  }

  async function writeStatus(object: KubeObject, before: RunStatus | undefined, after: RunStatus): Promise<boolean> {
    if (isDeepStrictEqual(before, after)) return false;
    const key = keyOf(object);
    const onlyProgress =
      before !== undefined && isDeepStrictEqual({ ...before, progress: undefined }, { ...after, progress: undefined });
    const last = progressWritten.get(key) ?? Number.NEGATIVE_INFINITY;
    if (onlyProgress && clock.now() - last < progressEveryMs) return false;
    progressWritten.set(key, clock.now());
    const { name, namespace: runNamespace, uid } = object.metadata;
    const body: KubeObject = { apiVersion, kind, metadata: { name, namespace: runNamespace, uid }, status: after };
    runs.observe(await cluster.apply(types.run, body, { fieldManager, subresource: 'status' }));
    return true;
  }

  async function reconcile(key: string): Promise<{ requeueAfterMs?: number | undefined }> {
    const object = runs.store.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
      progressWritten.delete(key);
      return {}; // the garbage collector takes the children
    }
    const now = new Date(clock.now());
    // A status that another version wrote, or somebody edited, says nothing about the spec: it is written anew.
    const before = statusSchema.safeParse(object.status).data;
    let run: Run;
    try {
      run = parseRun({ ...object, status: before });
    } catch (error) {
      await writeStatus(
        object,
        before,
        invalidStatus(object.metadata.generation, before, toDdrError(error).describe(), now),
      );
      return {};
    }
    const planned = plan(run, observe(object.metadata.uid ?? ''), now, settings);
    if (planned.expired) {
      logger.info({ run: key }, 'time to live is over');
      await cluster.delete(types.run, run.metadata.namespace, run.metadata.name, object.metadata.uid);
      return {};
    }
    try {
      await carryOut(run, planned);
    } catch (error) {
      await writeStatus(object, run.status, refusedStatus(run.status, planned.status, messageOf(error), now));
      throw error; // tried again, after a growing delay
    }
    await writeStatus(object, run.status, planned.status);
    for (const event of transitionEvents(run.status, planned.status, planned)) await recorder.record(object, event);
    return { requeueAfterMs: planned.requeueAfterMs };
  }

  const controller = new Controller({ queue, clock, logger, workers, metrics, reconcile });
  return {
    watch() {
      for (const each of reflectors) each.start();
    },
    synced: Promise.all(reflectors.map((each) => each.synced)),
    hasSynced: () => reflectors.every((each) => each.hasSynced),
    start() {
      controller.start();
      poller.start();
      for (const run of runs.store.all()) queue.add(keyOf(run));
    },
    async stop() {
      await controller.stop();
      await Promise.all([poller.stop(), ...reflectors.map((each) => each.stop())]);
    },
    runs: runs.store,
    progress: poller.progress,
    queueDepth: () => queue.depth,
  };
}
