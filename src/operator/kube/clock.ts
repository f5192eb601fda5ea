/** Time, passed in so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970. May jump, forth and back, when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since some start, which pass evenly whatever becomes of the machine's clock: for how long things take. */
  elapsed(): number;
  /** Calls back once after a delay; the result cancels. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Node's timers hold 31 bits of milliseconds, 24.8 days; a longer one would end at once. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const wait = (left: number) =>
      left > longestTimer
        ? setTimeout(() => {
            timer = wait(left - longestTimer);
          }, longestTimer)
        : setTimeout(callback, left);
    let timer = wait(milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after a delay, or at once when the signal is aborted. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Delay before try number `attempt` (0-based): doubling from `base` up to `most`, less a random part of up to a half. */
export function backoff(attempt: number, base: number, most: number, random: () => number): number {
  return Math.min(most, base * 2 ** Math.min(attempt, 30)) * (1 - random() / 2);
}
