import type { EventEmitter } from 'node:events';

/** Asks a run to save and stop; the second time, to stop at once. */
const signals = ['SIGINT', 'SIGTERM'] as const;
/** The terminal has gone: nobody is there to ask a second time. */
export const hangUp = 'SIGHUP';

/**
 * Milliseconds in which signals count once. A terminal's Ctrl-C goes to all processes in front of it: to npm, which passes
 * it on, and to this one.
 */
const echo = 1000;
/** Milliseconds between two looks whether the parent is still there. */
const lookEvery = 250;

export interface InterruptionOptions {
  /** Where signals arrive: the process. */
  source: EventEmitter;
  /** Milliseconds, from any moment on. */
  now: () => number;
  /** Told once, when it is asked for. */
  onFirst: () => void;
  /** Whether the process that started this one is gone; its end is a hang-up. */
  isOrphan?: () => boolean;
}

/** What people and programs ask for by signals, until its end. */
export class Interruption {
  readonly #options: InterruptionOptions;
  readonly #timer: NodeJS.Timeout;
  #askedAt: number | undefined;
  #atOnce = false;

  constructor(options: InterruptionOptions) {
    this.#options = options;
    for (const signal of signals) options.source.on(signal, this.#onSignal);
    options.source.on(hangUp, this.#ask);
    this.#timer = setInterval(() => {
      if (options.isOrphan?.()) this.#ask();
    }, lookEvery).unref();
  }

  /** To save and stop. */
  get asked(): boolean {
    return this.#askedAt !== undefined;
  }

  /** To stop without saving. */
  get atOnce(): boolean {
    return this.#atOnce;
  }

  end(): void {
    const { source } = this.#options;
    for (const signal of signals) source.off(signal, this.#onSignal);
    source.off(hangUp, this.#ask);
    clearInterval(this.#timer);
  }

  readonly #onSignal = (): void => {
    if (this.#askedAt === undefined) this.#ask();
    else if (this.#options.now() - this.#askedAt > echo) this.#atOnce = true;
  };

  readonly #ask = (): void => {
    if (this.#askedAt !== undefined) return;
    this.#askedAt = this.#options.now();
    this.#options.onFirst();
  };
}
