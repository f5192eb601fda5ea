import { Agent, request } from 'undici';
import { labels } from '../api/names.ts';
import { type Progress, parseProgress } from '../api/progress.ts';
import { type Clock, sleep } from './kube/clock.ts';
import type { Store } from './kube/store.ts';
import { type ObservedPod, observePod } from './plan/observed.ts';

export interface ProgressPollerOptions {
  pods: Store;
  clock: Clock;
  /** Told that a run has news. */
  onProgress: (key: string) => void;
  /** Milliseconds between two questions to a pod at least. */
  intervalMs?: number;
  /** Pods that are asked a second, of all runs together, however many there are: each in its turn. */
  podsPerSecond?: number;
}

/** Milliseconds for one answer, and between two rounds at most. */
const timeout = 2000;
const longestPause = 1000;
const largestAnswer = 64_000;

/** Straight to the pod, whatever proxy the environment names: Node gives one to all calls that name no connections of their own. */
const direct = new Agent();

type Pod = ObservedPod & { namespace: string };

/** Asks running trainer pods how far they are. Pods need no rights for it, and one that does not answer is just not news. */
export class ProgressPoller {
  readonly #options: ProgressPollerOptions;
  readonly #stop = new AbortController();
  readonly #progress = new Map<string, Progress>();
  /** When each running pod was asked last, by its name. */
  readonly #askedAt = new Map<string, number>();
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
    const { clock, intervalMs = 5000, podsPerSecond = 20 } = this.#options;
    const { signal } = this.#stop;
    let left = podsPerSecond;
    let at = clock.elapsed();
    while (!signal.aborted) {
      await sleep(clock, Math.min(longestPause, intervalMs), signal);
      if (signal.aborted) return;
      const now = clock.elapsed();
      left = Math.min(podsPerSecond, left + (podsPerSecond * (now - at)) / 1000);
      at = now;
      const pods = this.#due(now - intervalMs, Math.floor(left));
      left -= pods.length;
      await Promise.all(pods.map((pod) => this.#ask(pod, now)));
    }
  }

  /** Running pods that were asked last at a time or before, those that have waited longest first. */
  #due(askedBefore: number, most: number): Pod[] {
    const running = [...this.#options.pods.all()]
      .filter(({ metadata }) => metadata.labels?.[labels.component] !== undefined)
      .map((pod) => ({ ...observePod(pod), namespace: pod.metadata.namespace ?? '' }))
      .filter(({ phase, ip, deleting }) => phase === 'Running' && ip !== undefined && !deleting);
    const names = new Set(running.map(({ name }) => name));
    for (const known of [this.#progress, this.#askedAt])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    const askedAt = ({ name }: Pod) => this.#askedAt.get(name) ?? 0;
    return running
      .filter((pod) => askedAt(pod) <= askedBefore)
      .sort((a, b) => askedAt(a) - askedAt(b))
      .slice(0, most);
  }

  async #ask({ name, namespace, ip, port, labels: own }: Pod, now: number): Promise<void> {
    this.#askedAt.set(name, now);
    const progress = await ask(`http://${ip?.includes(':') ? `[${ip}]` : ip}:${port}/progress`);
    if (progress === undefined) return;
    this.#progress.set(name, progress);
    this.#options.onProgress(`${namespace}/${own[labels.run]}`);
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
    return statusCode === 200 ? parseProgress(text) : undefined;
  } catch {
    return undefined; // starting, ending, or behind a network policy: the status shows what was known before
  }
}
