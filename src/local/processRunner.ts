import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../operator/kube/clock.ts';
import { type KubeObject, keyOf } from '../operator/kube/cluster.ts';
import { type Logger, messageOf } from '../operator/kube/logger.ts';
import { types } from '../operator/types.ts';
import type { Objects } from './objects.ts';

/** Keeps a pod until its process has ended. */
export const processFinalizer = 'tspace.dev/process';

/** Bytes at the end of a log that stand in for a missing last word, as Kubernetes does (FallbackToLogsOnError). */
const tailBytes = 2048;

const podSchema = z.object({
  terminationGracePeriodSeconds: z.number().default(30),
  containers: z
    .array(
      z.looseObject({
        image: z.string(),
        command: z.array(z.string()).optional(),
        args: z.array(z.string()).default([]),
        env: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
        ports: z.array(z.looseObject({ name: z.string().optional(), containerPort: z.number() })).default([]),
        volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
      }),
    )
    .length(1),
  volumes: z
    .array(
      z.looseObject({
        name: z.string(),
        persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
        emptyDir: z.object({}).optional(),
      }),
    )
    .default([]),
});

export interface ProcessRunnerOptions {
  objects: Objects;
  clock: Clock;
  logger: Logger;
  /** Command of an image's entrypoint. */
  commandOf: (image: string) => string[];
  /** Folder of a claim. */
  folderOf: (claimName: string) => string;
  /** Folder for a log file per pod. */
  logs: string;
  /** Processes that may run at once; further pods wait, as on a node that is full. */
  capacity: number;
}

/** The kubelet of the cluster in this process: runs a pod's container as a process of this machine. */
export class ProcessRunner {
  readonly #options: ProcessRunnerOptions;
  readonly #children = new Map<string, ChildProcess>();
  /** Pods that are being started: they count though they have no process yet. */
  readonly #starting = new Set<string>();
  #end: () => void = () => {};

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    mkdirSync(this.#options.logs, { recursive: true });
    this.#end = this.#options.objects.subscribe(types.pod, () => queueMicrotask(() => this.#look()));
  }

  /** Ends at once what still runs: for when nobody waits for it to save. */
  stop(): void {
    this.#end();
    for (const child of this.#children.values()) child.kill('SIGKILL');
  }

  #look(): void {
    for (const pod of this.#options.objects.list(types.pod)) {
      const key = keyOf(pod);
      const { phase } = pod.status as { phase: string };
      const mine = this.#children.has(key) || this.#starting.has(key);
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (this.#children.has(key)) this.#terminate(pod);
        else if (!mine) this.#release(key);
      } else if (phase === 'Pending' && !mine && this.#children.size + this.#starting.size < this.#options.capacity) {
        this.#starting.add(key);
        this.#launch(pod)
          .catch((error: unknown) => this.#finish(key, -1, null, messageOf(error)))
          .finally(() => this.#starting.delete(key));
      }
    }
  }

  async #launch(pod: KubeObject): Promise<void> {
    const { objects, commandOf, logs, logger } = this.#options;
    const key = keyOf(pod);
    const { containers, volumes } = podSchema.parse(pod.spec);
    const [container] = containers as [(typeof containers)[number]];
    const scratch = mkdtempSync(join(tmpdir(), 'ddr-pod-'));
    const folders = new Map(volumes.map((volume) => [volume.name, this.#folder(volume, scratch)]));
    const mounts = container.volumeMounts.map(({ name, mountPath }) => ({
      mountPath,
      folder: folders.get(name) ?? scratch,
    }));
    const local = (value: string) => {
      const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
      return mount === undefined ? value : mount.folder + value.slice(mount.mountPath.length);
    };
    const port = await freePort();
    const word = join(scratch, 'termination-log');
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: scratch,
      ...Object.fromEntries(container.env.map(({ name, value }) => [name, local(value)])),
      DDR_HTTP_PORT: String(port),
      DDR_TERMINATION_LOG: word,
      DDR_EXIT_WITH_PARENT: '1',
    };
    const [program = '', ...args] = [...(container.command ?? commandOf(container.image)), ...container.args];
    const log = join(logs, `${pod.metadata.name}.log`);
    const output = openSync(log, 'a');
    // A process group of its own: Ctrl-C is for us, who tell it to save. Its standard input ends when we do.
    const child = spawn(program, args, { env, stdio: ['pipe', output, output], detached: true });
    closeSync(output);
    this.#children.set(key, child);
    const end = (exitCode: number, signal: string | null, problem?: string) => {
      if (!this.#children.delete(key)) return;
      const said = existsSync(word) ? readFileSync(word, 'utf8') : '';
      rmSync(scratch, { recursive: true, force: true });
      this.#finish(key, exitCode, signal, said || problem || (exitCode === 0 ? '' : tailOf(log)));
      this.#look();
    };
    child.on('error', (error) => end(127, null, error.message));
    child.on('exit', (code, signal) => end(code ?? 137, signal));
    child.stdin?.on('error', () => {}); // it may end before it reads
    logger.debug({ pod: pod.metadata.name, pid: child.pid, log }, 'process started');
    const current = objects.get(types.pod, key);
    if (current === undefined) return;
    const ports = container.ports.map((entry) => (entry.name === 'http' ? { ...entry, containerPort: port } : entry));
    const running = {
      ...current,
      spec: { ...(current.spec as object), containers: [{ ...container, ports }] },
      status: {
        phase: 'Running',
        podIP: '127.0.0.1',
        containerStatuses: [{ name: 'trainer', state: { running: { startedAt: this.#time() } } }],
      },
    };
    objects.replace(types.pod, running);
  }

  #folder(
    volume: { name: string; persistentVolumeClaim?: { claimName: string } | undefined; emptyDir?: object | undefined },
    scratch: string,
  ): string {
    if (volume.persistentVolumeClaim !== undefined)
      return this.#options.folderOf(volume.persistentVolumeClaim.claimName);
    if (volume.emptyDir !== undefined) return scratch;
    throw new Error(
      `volume ${volume.name} is of a kind that this machine cannot give; use a persistentVolumeClaim or an emptyDir`,
    );
  }

  /** Asks the process to save and end, and ends it when its time is over. */
  #terminate(pod: KubeObject): void {
    const { clock } = this.#options;
    const child = this.#children.get(keyOf(pod));
    if (child === undefined || child.exitCode !== null) return;
    if (this.#terminating.has(child)) return;
    this.#terminating.add(child);
    child.kill('SIGTERM');
    const { terminationGracePeriodSeconds } = podSchema.parse(pod.spec);
    const cancel = clock.after(terminationGracePeriodSeconds * 1000, () => child.kill('SIGKILL'));
    child.on('exit', cancel);
  }

  readonly #terminating = new WeakSet<ChildProcess>();

  #finish(key: string, exitCode: number, signal: string | null, message: string): void {
    const { objects } = this.#options;
    const pod = objects.get(types.pod, key);
    if (pod === undefined) return;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      message,
      finishedAt: this.#time(),
      ...(signal === null ? {} : { signal }),
    };
    const status = {
      ...(pod.status as object),
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: 'trainer', state: { terminated } }],
    };
    objects.replace(types.pod, { ...pod, status });
    this.#release(key);
  }

  #release(key: string): void {
    const { objects } = this.#options;
    const pod = objects.get(types.pod, key);
    if (pod === undefined) return;
    objects.replace(types.pod, { ...pod, metadata: { ...pod.metadata, finalizers: [] } as KubeObject['metadata'] });
  }

  #time(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
  });
}

function tailOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
