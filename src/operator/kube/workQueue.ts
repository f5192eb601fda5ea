import { backoff, type Clock } from './clock.ts';

export interface WorkQueueOptions {
  clock: Clock;
  random: () => number;
  /** Milliseconds before the first retry of a key, and the longest. */
  baseDelay?: number;
  maximumDelay?: number;
}

/**
 * A queue of keys. A key that is added twice is worked on once; one that is added while it is being worked on is worked on
 * once more afterwards, never twice at the same time. Failed keys come back after a growing delay.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #delays: { base: number; maximum: number };
  readonly #ready: string[] = [];
  /** Keys that are in `ready`, or will be when they are done. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor({ clock, random, baseDelay = 100, maximumDelay = 300_000 }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#delays = { base: baseDelay, maximum: maximumDelay };
  }

  /** Keys that wait, without those that wait for their time. */
  get depth(): number {
    return this.#ready.length;
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** Adds a key later. Of two times the earlier holds. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    const at = this.#clock.now() + milliseconds;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#clock.after(milliseconds, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { at, cancel });
  }

  /** Adds a key that failed after a delay that doubles with each failure. */
  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, backoff(failures, this.#delays.base, this.#delays.maximum, this.#random));
  }

  /** Forgets a key's failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, once there is one; undefined when the queue is closed. Call {@link done} with it afterwards. */
  async take(): Promise<string | undefined> {
    const key =
      this.#ready.shift() ??
      (this.#closed ? undefined : await new Promise<string | undefined>((resolve) => this.#waiting.push(resolve)));
    if (key === undefined) return undefined;
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key) && !this.#closed) this.#push(key);
  }

  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#ready.length = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #push(key: string): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#ready.push(key);
      return;
    }
    // The taker runs in a later microtask: until then nobody else may be given this key.
    this.#dirty.delete(key);
    this.#processing.add(key);
    waiting(key);
  }
}
