import { compact } from '../api/compact.ts';
import { group, labels, managedBy } from '../api/names.ts';
import type { Progress } from '../api/progress.ts';
import type { Clock } from './kube/clock.ts';
import { type Cluster, type KubeObject, keyOf, type ResourceType } from './kube/cluster.ts';
import { Controller, type ControllerMetrics } from './kube/controller.ts';
import { EventRecorder } from './kube/events.ts';
import type { Logger } from './kube/logger.ts';
import { Reflector } from './kube/reflector.ts';
import type { Store } from './kube/store.ts';
import { WorkQueue } from './kube/workQueue.ts';
import type { Settings } from './plan/pod.ts';
import { ProgressPoller } from './progressPoller.ts';
import { ChildWriter } from './run/childWriter.ts';
import { createReconciler } from './run/reconcile.ts';
import { Refusals } from './run/refusals.ts';
import { StatusWriter } from './run/statusWriter.ts';
import { types } from './types.ts';

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

/** Watches runs and their children; what changes puts the key of its run into the queue. */
function createReflectors(
  { cluster, clock, random, logger, namespace }: RunControllerOptions,
  add: (key: string) => void,
) {
  const reflector = (type: ResourceType, labelSelector: string | undefined, onChange: (object: KubeObject) => void) =>
    new Reflector({ cluster, type, namespace, labelSelector, clock, random, logger, onChange });
  const ofRun = (object: KubeObject) => {
    const run = object.metadata.labels?.[labels.run];
    if (run !== undefined) add(`${object.metadata.namespace}/${run}`);
  };
  const ours = `${labels.managedBy}=${managedBy}`;
  return {
    runs: reflector(types.run, undefined, (run) => add(keyOf(run))),
    jobs: reflector(types.job, ours, ofRun),
    pods: reflector(types.pod, ours, ofRun),
    claims: reflector(types.claim, ours, ofRun),
  };
}

/** The manager of a process: wires watches, queue, workers and pollers to the reconciler. The same on a cluster and on one machine. */
export function createRunController(options: RunControllerOptions): RunController {
  const { cluster, clock, random, logger, settings, metrics, workers, instance, pollIntervalMs } = options;
  const queue = new WorkQueue({ clock, random });
  const add = (key: string) => queue.add(key);
  const { runs, jobs, pods, claims } = createReflectors(options, add);
  const reflectors = [runs, jobs, pods, claims];
  const poller = new ProgressPoller({
    pods: pods.store,
    clock,
    onProgress: add,
    ...compact({ intervalMs: pollIntervalMs }),
  });
  const reconcile = createReconciler({
    cluster,
    clock,
    logger,
    settings,
    runs: runs.store,
    stores: { jobs: jobs.store, pods: pods.store, claims: claims.store },
    progress: poller.progress,
    children: new ChildWriter(cluster, (child) => (child.kind === 'Job' ? jobs : claims).observe(child)),
    statuses: new StatusWriter(cluster, clock, (run) => runs.observe(run)),
    refusals: new Refusals(clock, random),
    recorder: new EventRecorder({ cluster, clock, logger, controller: `${group}/operator`, instance }),
  });
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
