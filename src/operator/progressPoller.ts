import { Agent, request } from 'undici';
import { labels } from '../api/names.ts';
import { type Progress, progressSchema } from '../api/progress.ts';
import { type Clock, sleep } from './kube/clock.ts';
import type { Store } from './kube/store.ts';
import { observePod } from './plan/observed.ts';

export interface ProgressPollerOptions {
  pods: Store;
  clock: Clock;
  /** Told that a run has news. */
  onProgress: (key: string) => void;
  intervalMs?: number;
}

/** Milliseconds for one answer, and how many are asked at once. */
const timeout = 2000;
const concurrency = 32;
const largestAnswer = 64_000;

/** Straight to the pod, whatever proxy the environment names: Node gives one to all calls that name no connections of their own. */
const direct = new Agent();

/** Asks running trainer pods how far they are. Pods need no rights for it, and one that does not answer is just not news. */
export class ProgressPoller {
  readonly #options: ProgressPollerOptions;
  readonly #stop = new AbortController();
  readonly #progress = new Map<string, Progress>();
  #running: Promise<void> | undefined;

  constructor(options: ProgressPollerOptions) {
    this.#options = options;
  }

  /** Last answers by name of the pod. */
  get progress(): ReadonlyMap<string, Progress> {
    return this.#progress;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, intervalMs = 5000 } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(clock, intervalMs, signal);
      if (!signal.aborted) await this.#round();
    }
  }

  async #round(): Promise<void> {
    const pods = [...this.#options.pods.all()]
      .filter(({ metadata }) => metadata.labels?.[labels.component] !== undefined)
      .map((pod) => ({ ...observePod(pod), namespace: pod.metadata.namespace ?? '' }));
    const running = pods.filter(({ phase, ip, deleting }) => phase === 'Running' && ip !== undefined && !deleting);
    const names = new Set(running.map(({ name }) => name));
    for (const name of this.#progress.keys()) if (!names.has(name)) this.#progress.delete(name);
    for (let from = 0; from < running.length; from += concurrency) {
      await Promise.all(
        running.slice(from, from + concurrency).map(async ({ name, namespace, ip, port, labels: own }) => {
          const progress = await ask(`http://${ip?.includes(':') ? `[${ip}]` : ip}:${port}/progress`);
          if (progress === undefined) return;
          this.#progress.set(name, progress);
          this.#options.onProgress(`${namespace}/${own[labels.run]}`);
        }),
      );
    }
  }
}

async function ask(url: string): Promise<Progress | undefined> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher: direct,
      signal: AbortSignal.timeout(timeout),
      headersTimeout: timeout,
      bodyTimeout: timeout,
    });
    let text = '';
    body.setEncoding('utf8');
    for await (const part of body) {
      text += part;
      if (text.length > largestAnswer) return undefined; // ends the connection: a pod must not fill our memory
    }
    return statusCode === 200 ? progressSchema.safeParse(JSON.parse(text)).data : undefined;
  } catch {
    return undefined; // starting, ending, or behind a network policy: the status shows what was known before
  }
}
