import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');
/** Ticks of /proc/<pid>/stat in a second, on every Linux that Node runs on. */
const ticksPerSecond = 100;
/** Those of Dockerfile.operator. */
const nodeFlags = ['--max-semi-space-size=4'];

/** The operator as its image has it, built, and a process of its own, so that CPU and memory are its own. */
export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly #port: number;
  #log = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    child.stdout?.on('data', (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-20_000);
    });
    child.stderr?.on('data', (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-20_000);
    });
  }

  /** @returns once it is ready, and the seconds that this took */
  static async start(port = 18_080): Promise<{ operator: OperatorProcess; seconds: number }> {
    const started = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, join(root, 'dist/operator/main.js')], {
      env: {
        ...process.env,
        DDR_TRAINER_IMAGE: 'simulated',
        DDR_LEADER_ELECTION: 'false',
        DDR_HTTP_PORT: String(port),
        DDR_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const operator = new OperatorProcess(child, port);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the operator has ended:\n${operator.#log}`);
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      if (answer?.ok) return { operator, seconds: (performance.now() - started) / 1000 };
      await wait(50);
    }
  }

  /** What it logged last: warnings and errors. */
  get log(): string {
    return this.#log;
  }

  /** Seconds of CPU that it has used. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Its largest resident memory so far, in MB. */
  peakMegabytes(): number {
    return this.#megabytes('VmHWM');
  }

  /** Its resident memory now, in MB. */
  residentMegabytes(): number {
    return this.#megabytes('VmRSS');
  }

  #megabytes(field: string): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  /** A counter or gauge of its metrics, all its labels together. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Answers of the API server to calls of a method. */
  requests(method: string): Promise<number> {
    return this.metric('rest_client_requests_total', `method="${method}"`);
  }

  /** Upper bound of the bucket in which a part of all observations of a histogram lie. */
  async quantile(name: string, part: number): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)$`, 'gm'))].map(
      ([, bound, count]) => ({
        bound: Number(bound === '+Inf' ? Number.POSITIVE_INFINITY : bound),
        count: Number(count),
      }),
    );
    const total = buckets.at(-1)?.count ?? 0;
    return buckets.find(({ count }) => count >= total * part)?.bound ?? Number.NaN;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
