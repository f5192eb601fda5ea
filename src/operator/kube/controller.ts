import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { type Logger, messageOf } from './logger.ts';
import type { WorkQueue } from './workQueue.ts';

/** Told of what a controller does, for metrics. */
export interface ControllerMetrics {
  reconciled(result: 'success' | 'error' | 'requeue_after', seconds: number): void;
  active(workers: number): void;
}

export interface ControllerOptions {
  queue: WorkQueue;
  clock: Clock;
  logger: Logger;
  workers: number;
  metrics: ControllerMetrics;
  /** Brings the object of a key closer to what it should be. @returns when to look again */
  reconcile: (key: string) => Promise<{ requeueAfterMs?: number | undefined }>;
}

/** Workers that reconcile the keys of a queue, one worker per key at a time. */
export class Controller {
  readonly #options: ControllerOptions;
  #workers: Promise<void>[] = [];
  #active = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#work());
  }

  /** Lets the workers finish what they are at. */
  async stop(): Promise<void> {
    this.#options.queue.close();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    const { queue } = this.#options;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await this.#reconcile(key);
      queue.done(key);
      await nextTurn(); // watches, answers and probes have their turn between two looks
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { queue, clock, logger, metrics, reconcile } = this.#options;
    const started = clock.elapsed();
    const seconds = () => (clock.elapsed() - started) / 1000;
    metrics.active(++this.#active);
    try {
      const { requeueAfterMs } = await reconcile(key);
      queue.forget(key);
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
      metrics.reconciled(requeueAfterMs === undefined ? 'success' : 'requeue_after', seconds());
    } catch (error) {
      logger.error({ key, error: messageOf(error) }, 'reconcile failed; it is tried again');
      queue.retry(key);
      metrics.reconciled('error', seconds());
    } finally {
      metrics.active(--this.#active);
    }
  }
}
