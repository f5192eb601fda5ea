import { type Clock, sleep } from '../kube/clock.ts';

/** Writes at once for one run, and for all: more would only wait in the API server, before the requests of others. */
const concurrency = 16;
const overallConcurrency = 64;
/** Milliseconds after which the caller is asked to look again, though there is more to write. */
const sliceMs = 200;

/** One change of a child. */
export interface Write {
  /** Equal for what would be the same change again. */
  id: string;
  /** Notes by itself what came of it; never rejects. */
  send: () => Promise<void>;
}

/** Writes of one run that belong together, which may take several calls. */
export interface Batch {
  /** Those that were sent; each once, so that one that is refused keeps no other waiting. */
  sent: Set<string>;
  /** Those under way. */
  busy: Set<Promise<void>>;
}

/** Sends writes of many runs, so many at once. */
export class WritePool {
  readonly #clock: Clock;
  readonly #busy = new Set<Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends for a while; what is under way then goes on. @returns whether all were sent and answered */
  async send(batch: Batch, writes: readonly Write[]): Promise<boolean> {
    const stop = new AbortController();
    let isOver = false;
    const over = sleep(this.#clock, sliceMs, stop.signal).then(() => {
      isOver = true;
    });
    const next = (busy: ReadonlySet<Promise<void>>) => Promise.race([over, ...busy]);
    const isFull = () => batch.busy.size >= concurrency || this.#busy.size >= overallConcurrency;
    try {
      for (const write of writes) {
        if (batch.sent.has(write.id)) continue;
        while (isFull() && !isOver) await next(this.#busy);
        if (isOver) return false;
        this.#begin(batch, write);
      }
      while (batch.busy.size > 0 && !isOver) await next(batch.busy);
      return batch.busy.size === 0;
    } finally {
      stop.abort();
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy);
  }

  #begin(batch: Batch, { id, send }: Write): void {
    batch.sent.add(id);
    const work = send().finally(() => {
      batch.busy.delete(work);
      this.#busy.delete(work);
    });
    batch.busy.add(work);
    this.#busy.add(work);
  }
}
