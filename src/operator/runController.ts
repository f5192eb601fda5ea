import { compact } from '../api/compact.ts';
import { group, labels, managedBy } from '../api/names.ts';
import type { Progress } from '../api/progress.ts';
import { type Client, type KubeObject, keyOf, type ResourceType } from './kube/client.ts';
import type { Clock } from './kube/clock.ts';
import { Controller, type ControllerMetrics } from './kube/controller.ts';
import { EventRecorder } from './kube/events.ts';
import type { Logger } from './kube/logger.ts';
import { Reflector, type ReflectorOptions } from './kube/reflector.ts';
import type { Store } from './kube/store.ts';
import { WorkQueue } from './kube/workQueue.ts';
import { keepOfClaim, keepOfJob, keepOfPod } from './plan/kept.ts';
import type { Settings } from './plan/pod.ts';
import { ProgressPoller } from './progressPoller.ts';
import { ChildWriter } from './run/childWriter.ts';
import { PodAdmission } from './run/podAdmission.ts';
import { createReconciler } from './run/reconcile.ts';
import { Refusals } from './run/refusals.ts';
import { RunReader } from './run/runReader.ts';
import { StatusWriter } from './run/statusWriter.ts';
import { types } from './types.ts';

/** Milliseconds between two looks at a run at least, however many events come. */
const lookEveryMs = 200;

/** Told of what happens, for metrics. */
export interface RunControllerMetrics extends ControllerMetrics {
  /** A look has begun so long after the event that asked for it. */
  waited(seconds: number): void;
  /** A list has shown a change that the watch of these objects had not told. */
  missed(type: ResourceType): void;
}

export interface RunControllerOptions {
  client: Client;
  clock: Clock;
  random: () => number;
  logger: Logger;
  settings: Settings;
  metrics: RunControllerMetrics;
  /** Only runs of this namespace; of all where left out. */
  namespace?: string | undefined;
  workers: number;
  /** Name of this process, for events. */
  instance: string;
  /** Milliseconds between two questions to a running pod at least, and how many are asked a second. */
  pollIntervalMs?: number;
  progressPodsPerSecond?: number;
  /** Seconds after which everything is listed again and compared with what the watches have told. */
  relistSeconds?: number;
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
  queue: Pick<WorkQueue, 'depth' | 'longestMs'>;
}

/** Watches runs and their children; what changes puts the key of its run into the queue. */
function createReflectors(
  { client, clock, random, logger, namespace, metrics, relistSeconds }: RunControllerOptions,
  add: (key: string) => void,
) {
  const reflector = (
    type: ResourceType,
    options: Pick<ReflectorOptions, 'onChange' | 'labelSelector' | 'keep' | 'indexedLabel'>,
  ) => {
    const onMissed = () => metrics.missed(type);
    const cadence = compact({ relistSeconds });
    return new Reflector({ client, type, namespace, clock, random, logger, onMissed, ...cadence, ...options });
  };
  const ofRun = (object: KubeObject) => {
    const run = object.metadata.labels?.[labels.run];
    if (run !== undefined) add(`${object.metadata.namespace}/${run}`);
  };
  const ours = { labelSelector: `${labels.managedBy}=${managedBy}`, onChange: ofRun };
  return {
    runs: reflector(types.run, { onChange: (run) => add(keyOf(run)) }),
    jobs: reflector(types.job, { ...ours, keep: keepOfJob }),
    pods: reflector(types.pod, { ...ours, keep: keepOfPod }),
    claims: reflector(types.claim, { ...ours, keep: keepOfClaim, indexedLabel: labels.run }),
  };
}

/** The manager of a process: wires watches, queue, workers and pollers to the reconciler. The same on a cluster and on one machine. */
export function createRunController(options: RunControllerOptions): RunController {
  const { client, clock, random, logger, settings, metrics, workers, instance } = options;
  const { pollIntervalMs = 5000, progressPodsPerSecond } = options;
  const onTaken = (waitedMs: number) => metrics.waited(waitedMs / 1000);
  const queue = new WorkQueue({ clock, random, interval: lookEveryMs, onTaken });
  const { runs, jobs, pods, claims } = createReflectors(options, (key) => queue.add(key));
  const reflectors = [runs, jobs, pods, claims];
  const poller = new ProgressPoller({
    pods: pods.store,
    clock,
    onProgress: (key) => queue.addAfter(key, pollIntervalMs), // answers come all the time: one look for many of them
    intervalMs: pollIntervalMs,
    ...compact({ podsPerSecond: progressPodsPerSecond }),
  });
  const admission = new PodAdmission(client, clock, logger);
  const children = new ChildWriter(
    client,
    clock,
    (child) => (child.kind === 'Job' ? jobs : claims).observe(child),
    (job) => admission.admit(job),
  );
  const reconcile = createReconciler({
    client,
    clock,
    logger,
    settings,
    runs: runs.store,
    stores: { jobs: jobs.store, pods: pods.store, claims: claims.store },
    progress: poller.progress,
    reader: new RunReader(),
    children,
    statuses: new StatusWriter(client, clock, (run) => runs.observe(run)),
    refusals: new Refusals(clock, random),
    recorder: new EventRecorder({ client, clock, logger, controller: `${group}/operator`, instance }),
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
      await children.settled();
      await Promise.all([poller.stop(), ...reflectors.map((each) => each.stop())]);
    },
    runs: runs.store,
    progress: poller.progress,
    queue,
  };
}
