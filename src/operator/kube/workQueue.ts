import { backoff, type Clock } from './clock.ts';

export interface WorkQueueOptions {
  clock: Clock;
  random: () => number;
  /** Milliseconds before the first retry of a key, and the longest. */
  baseDelay?: number;
  maximumDelay?: number;
  /** Milliseconds from one taking of a key to the next at least: however often it is added, it is not taken more often. */
  interval?: number;
  /** Told of each added key that is taken how many milliseconds it had waited. */
  onTaken?: (waitedMs: number) => void;
}

/**
 * A queue of keys. A key that is added twice is worked on once; one that is added while it is being worked on is worked on
 * once more afterwards, never twice at the same time, and after a rest. Failed keys come back after a growing delay.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #delays: { base: number; maximum: number };
  readonly #ready: string[] = [];
  /** Keys that are in `ready`, or will be when they are done and have rested. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  /** Keys that were taken less than the interval ago; what ends their rest early. */
  readonly #resting = new Map<string, () => void>();
  /** When a key was added first since it was taken last. */
  readonly #addedAt = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  readonly #interval: number;
  readonly #onTaken: (waitedMs: number) => void;
  #closed = false;

  constructor({
    clock,
    random,
    baseDelay = 100,
    maximumDelay = 300_000,
    interval = 0,
    onTaken = () => {},
  }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#delays = { base: baseDelay, maximum: maximumDelay };
    this.#interval = interval;
    this.#onTaken = onTaken;
  }

  /** Keys that wait, without those that wait for their time. */
  get depth(): number {
    return this.#ready.length;
  }

  /** Adds a key of which there is news. */
  add(key: string): void {
    if (this.#closed) return;
    if (!this.#addedAt.has(key)) this.#addedAt.set(key, this.#clock.elapsed());
    this.#enqueue(key);
  }

  /** Adds a key later. Of two times the earlier holds. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    const at = this.#clock.elapsed() + milliseconds;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#clock.after(milliseconds, () => {
      this.#timers.delete(key);
      this.#enqueue(key);
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
    const key = this.#ready.shift();
    if (key === undefined)
      return this.#closed ? undefined : new Promise<string | undefined>((resolve) => this.#waiting.push(resolve));
    this.#handOut(key);
    return key;
  }

  done(key: string): void {
    this.#processing.delete(key);
    this.#pushIfDue(key);
  }

  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const cancel of this.#resting.values()) cancel();
    this.#resting.clear();
    this.#ready.length = 0;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #enqueue(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.#pushIfDue(key);
  }

  #pushIfDue(key: string): void {
    if (this.#closed || !this.#dirty.has(key) || this.#processing.has(key) || this.#resting.has(key)) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#ready.push(key);
      return;
    }
    this.#handOut(key); // the taker runs in a later microtask: until then nobody else may be given this key
    waiting(key);
  }

  #handOut(key: string): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
    const addedAt = this.#addedAt.get(key);
    this.#addedAt.delete(key);
    if (addedAt !== undefined) this.#onTaken(this.#clock.elapsed() - addedAt);
    if (this.#interval === 0) return;
    const cancel = this.#clock.after(this.#interval, () => {
      this.#resting.delete(key);
      this.#pushIfDue(key);
    });
    this.#resting.set(key, cancel);
  }
}
