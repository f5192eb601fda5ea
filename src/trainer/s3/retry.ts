import { setTimeout as pause } from 'node:timers/promises';

/** How long a server that fails is asked again. */
export interface Patience {
  /** Milliseconds from the first try on, after which none begins any more. */
  budget: number;
  /** Milliseconds for which a try may see nothing come before it is given up. */
  idle: number;
  /** Of [0, 1): spreads the tries of processes that have failed together. */
  random: () => number;
}

export const usualPatience: Patience = { budget: 180_000, idle: 30_000, random: Math.random };

/** Milliseconds at most before the second try, and before any. */
const [firstPause, longestPause] = [200, 10_000];

/** Milliseconds before the next try: none to twice as many as the time before ("full jitter"). @param tries made, from 1 on */
export const pauseAfter = (tries: number, random: () => number): number =>
  random() * Math.min(longestPause, firstPause * 2 ** (tries - 1));

/** One try: its requests end with the signal, which whoever sees something come puts off. */
export interface Try {
  abortSignal: AbortSignal;
  touch: () => void;
}

async function oneTry<T>(idle: number, attempt: (one: Try) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), idle);
  try {
    return await attempt({ abortSignal: ended.signal, touch: () => timer.refresh() });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Tries until it succeeds, fails for good, or the budget is spent.
 * @param again whether an error may pass
 * @throws the last try's error
 */
export async function persist<T>(
  { budget, idle, random }: Patience,
  again: (error: unknown) => boolean,
  attempt: (one: Try) => Promise<T>,
): Promise<T> {
  const end = performance.now() + budget;
  for (let tries = 1; ; tries++) {
    try {
      return await oneTry(idle, attempt);
    } catch (error) {
      const wait = pauseAfter(tries, random);
      if (!again(error) || performance.now() + wait > end) throw error;
      await pause(wait);
    }
  }
}
