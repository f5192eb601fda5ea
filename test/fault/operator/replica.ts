import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../src/local/freePort.ts';
import { root } from '../../helpers/ddr.ts';

export interface ReplicaOptions {
  /** By which the API server's proxy knows it. */
  name: string;
  folder: string;
  kubeconfig: string;
  namespace: string;
  leaderElection: boolean;
}

/** The operator as a process of its own. One that ends by itself is started again, as the kubelet would. */
export class Replica {
  readonly name: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #stopped = false;
  /** How often it has ended by itself. */
  ends = 0;
  /** What it said last. */
  log = '';

  private constructor({ name, folder, kubeconfig, namespace, leaderElection }: ReplicaOptions, port: number) {
    this.name = name;
    const file = join(folder, `${name}.kubeconfig`);
    writeFileSync(file, kubeconfig);
    this.#environment = {
      ...process.env,
      KUBECONFIG: file,
      DDR_TRAINER_IMAGE: 'trainer:test',
      DDR_IDENTITY: name,
      DDR_WATCH_NAMESPACE: namespace,
      DDR_LEASE_NAMESPACE: namespace,
      DDR_LEADER_ELECTION: String(leaderElection),
      DDR_RELIST_SECONDS: '5',
      DDR_HTTP_PORT: String(port),
      DDR_LOG_LEVEL: 'info',
    };
  }

  static async start(options: ReplicaOptions): Promise<Replica> {
    const replica = new Replica(options, await freePort());
    replica.#spawn();
    return replica;
  }

  /** Kills it, and starts it again at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    child?.removeAllListeners('exit');
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
    if (!this.#stopped) this.#spawn();
  }

  /** Stops the time of the process, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  #spawn(): void {
    const child = spawn(process.execPath, [join(root, 'src/operator/main.ts')], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        this.log = (this.log + text.toString()).slice(-100_000);
      });
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    child.once('exit', () => {
      if (this.#stopped) return;
      this.ends++;
      this.#spawn();
    });
  }
}
