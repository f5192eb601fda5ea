import { toDdrError } from '../api/errors.ts';
import { type KubeObject, keyOf } from '../operator/kube/client.ts';
import type { Clock } from '../operator/kube/clock.ts';
import { type Logger, messageOf } from '../operator/kube/logger.ts';
import { types } from '../operator/types.ts';
import type { CompletedPods } from './completedPods.ts';
import { type ContainerProcess, type Ending, startContainer } from './containerProcess.ts';
import type { Objects, Stored } from './objects.ts';
import type { PodLogs } from './podLogs.ts';
import { type PodSpec, parsePodSpec } from './podSpec.ts';

/** Keeps a pod until its process has ended. */
export const processFinalizer = 'tspace.dev/process';

/** Exit code of a container that could not be started, as container runtimes give it. */
const cannotStart = 128;
/** Milliseconds between two looks at the sizes of logs. */
const boundLogsEvery = 10_000;

export interface ProcessRunnerOptions {
  objects: Objects;
  clock: Clock;
  logger: Logger;
  /** Command of an image's entrypoint. */
  commandOf: (image: string) => string[];
  /** Folder of a claim. */
  folderOf: (claimName: string) => string;
  /** What a variable from a Secret is. */
  secretOf?: ((variable: string) => string | undefined) | undefined;
  logs: PodLogs;
  completed: CompletedPods;
  /** Processes that may run at once; further pods wait, as on a node that is full. */
  capacity: number;
}

/** A pod that this runner works on. */
interface Entry {
  /** As it was created. */
  pod: Stored;
  startedAt: string;
  /** Undefined while it is being started. */
  process: ContainerProcess | undefined;
  /** Cancels the kill that follows when a process does not end as asked; undefined where it was not asked. */
  cancelKill: (() => void) | undefined;
}

/** The kubelet of the cluster in this process: runs a pod's container as a process of this machine. */
export class ProcessRunner {
  readonly #options: ProcessRunnerOptions;
  readonly #entries = new Map<string, Entry>();
  #unsubscribe = () => {};
  #cancelBound = () => {};
  #stopped = false;

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
  }

  /** Pods that have a process, or are about to. */
  get count(): number {
    return this.#entries.size;
  }

  start(): void {
    this.#unsubscribe = this.#options.objects.subscribe(types.pod, () => queueMicrotask(() => this.#look()));
    this.#boundLogs();
    this.#look();
  }

  /** Ends at once what still runs: for when nobody waits for it to save. Settles when all of it has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelBound();
    const processes = [...this.#entries.values()].flatMap(({ process }) => process ?? []);
    for (const { kill } of processes) kill();
    await Promise.all(processes.map(({ ended }) => ended));
  }

  #look(): void {
    if (this.#stopped) return;
    const { objects, capacity } = this.#options;
    for (const pod of objects.list(types.pod)) {
      const key = keyOf(pod);
      const entry = this.#entries.get(key);
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (entry === undefined) this.#release(key);
        else this.#terminate(entry);
      } else if (entry === undefined && phaseOf(pod) === 'Pending') {
        if (this.#entries.size < capacity) void this.#run(key, pod);
      }
    }
  }

  /** A pod's life, from its start to its termination message. */
  async #run(key: string, pod: Stored): Promise<void> {
    const { logger } = this.#options;
    const { name } = pod.metadata;
    const entry: Entry = { pod, startedAt: this.#time(), process: undefined, cancelKill: undefined };
    this.#entries.set(key, entry);
    const ending = await this.#endingOf(key, entry).catch((error: unknown) => ({
      exitCode: cannotStart,
      signal: undefined,
      message: toDdrError(error).describe(),
    }));
    entry.cancelKill?.();
    this.#entries.delete(key);
    if (this.#stopped) return;
    logger.debug({ pod: name, exitCode: ending.exitCode, signal: ending.signal }, 'pod ended');
    this.#finish(key, entry, ending);
    this.#look(); // there is room for another
  }

  async #endingOf(key: string, entry: Entry): Promise<Ending> {
    const { completed, logger, logs } = this.#options;
    const { pod } = entry;
    const { name } = pod.metadata;
    const spec = parsePodSpec(pod.spec, `pod ${name}`);
    const said = completed.find(pod);
    if (said !== undefined) {
      logger.info({ pod: name }, 'an equal pod has succeeded before; its work is there');
      return { exitCode: 0, signal: undefined, message: said };
    }
    const ending = await this.#process(key, entry, spec);
    if (ending.exitCode !== 0) return { ...ending, message: ending.message || logs.tail(name) };
    try {
      completed.save(pod, ending.message);
    } catch (error) {
      logger.warn({ pod: name, error: messageOf(error) }, 'success not recorded; it will be found out again');
    }
    return ending;
  }

  async #process(key: string, entry: Entry, spec: PodSpec): Promise<Ending> {
    const { objects, commandOf, folderOf, secretOf, logs, logger } = this.#options;
    const { name } = entry.pod.metadata;
    const process = await startContainer({ spec, commandOf, folderOf, secretOf, output: logs.open(name) });
    entry.process = process;
    if (this.#stopped) process.kill();
    logger.debug({ pod: name, pid: process.pid, log: logs.pathOf(name) }, 'process started');
    const pod = objects.get(types.pod, key);
    if (pod !== undefined) {
      const [container] = spec.containers;
      const ports = container.ports.map((port) =>
        port.name === 'http' ? { ...port, containerPort: process.port } : port,
      );
      objects.replace(types.pod, {
        ...pod,
        spec: { ...(pod.spec as object), containers: [{ ...container, ports }] },
        status: {
          phase: 'Running',
          podIP: '127.0.0.1',
          startTime: entry.startedAt,
          containerStatuses: [{ name: container.name, state: { running: { startedAt: entry.startedAt } } }],
        },
      });
    }
    return process.ended;
  }

  /** Asks a process to save and end, and ends it when its time is over. */
  #terminate(entry: Entry): void {
    const { process, pod } = entry;
    if (process === undefined || entry.cancelKill !== undefined) return; // one that is starting is asked when it has started
    const { terminationGracePeriodSeconds } = parsePodSpec(pod.spec, `pod ${pod.metadata.name}`);
    entry.cancelKill = this.#options.clock.after(terminationGracePeriodSeconds * 1000, process.kill);
    process.terminate();
  }

  #finish(key: string, { startedAt }: Entry, { exitCode, signal, message }: Ending): void {
    const { objects } = this.#options;
    const pod = objects.get(types.pod, key);
    if (pod === undefined) return;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : exitCode === cannotStart ? 'ContainerCannotRun' : 'Error',
      message,
      startedAt,
      finishedAt: this.#time(),
      ...(signal === undefined ? {} : { signal }),
    };
    const [container] = (pod.spec as { containers: { name: string }[] }).containers;
    const status = {
      ...(pod.status as object),
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: container?.name, state: { terminated } }],
    };
    objects.replace(types.pod, { ...pod, metadata: { ...pod.metadata, finalizers: [] }, status });
  }

  /** Lets go of a pod that never had a process. */
  #release(key: string): void {
    const { objects } = this.#options;
    const pod = objects.get(types.pod, key);
    if (pod !== undefined) objects.replace(types.pod, { ...pod, metadata: { ...pod.metadata, finalizers: [] } });
  }

  #boundLogs(): void {
    const { clock, logs } = this.#options;
    for (const { pod } of this.#entries.values()) logs.bound(pod.metadata.name);
    this.#cancelBound = clock.after(boundLogsEvery, () => this.#boundLogs());
  }

  #time(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

const phaseOf = ({ status }: KubeObject): string => (status as { phase?: string } | undefined)?.phase ?? 'Pending';
