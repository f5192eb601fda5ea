import { setTimeout as pause } from 'node:timers/promises';

/** How long a server that fails is asked again. */
export interface Patience {
  /** Milliseconds from the first try on, after which none begins any more; there are some tries in any case. */
  budget: number;
  /** Milliseconds for which a try may see nothing come before it is given up, besides the time that its bytes may take. */
  idle: number;
  /** Of [0, 1): spreads the tries of processes that have failed together. */
  random: () => number;
}

export const usualPatience: Patience = { budget: 180_000, idle: 30_000, random: Math.random };

/** Milliseconds at most before the second try, and before any. */
const [firstPause, longestPause] = [200, 10_000];

const fewestTries = 3;

/** Bytes a second of the slowest line that is borne with, and milliseconds that bytes may take at most. */
const [slowest, longest] = [2 ** 18, 600_000];

/** Milliseconds that a request of so many bytes may be under way without an answer. */
export const timeFor = (bytes: number, idle: number): number => idle + Math.min(longest, (1000 * bytes) / slowest);

/** Milliseconds before the next try: none to twice as many as the time before ("full jitter"). @param tries made, from 1 on */
export const pauseAfter = (tries: number, random: () => number): number =>
  random() * Math.min(longestPause, firstPause * 2 ** (tries - 1));

/** One try: its requests end with the signal, which whoever sees something come puts off. */
export interface Try {
  abortSignal: AbortSignal;
  touch: () => void;
}

async function oneTry<T>(milliseconds: number, attempt: (one: Try) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), milliseconds);
  try {
    return await attempt({ abortSignal: ended.signal, touch: () => timer.refresh() });
  } catch (error) {
    ended.abort(); // an answer of which not all was read would keep its connection for ever
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Tries until it succeeds, fails for good, or the budget is spent.
 * @param again whether an error may pass
 * @param bytes that a try sends, or has the server copy
 * @throws the last try's error
 */
export async function persist<T>(
  { budget, idle, random }: Patience,
  again: (error: unknown) => boolean,
  attempt: (one: Try) => Promise<T>,
  bytes = 0,
): Promise<T> {
  const end = performance.now() + budget;
  for (let tries = 1; ; tries++) {
    try {
      return await oneTry(timeFor(bytes, idle), attempt);
    } catch (error) {
      const wait = pauseAfter(tries, random);
      if (!again(error) || (tries >= fewestTries && performance.now() + wait > end)) throw error;
      await pause(wait);
    }
  }
}
