/**
 * Makes the values after the one that was asked for ahead of time: while a step computes, the next ones' images are read.
 * @param next the key after a key; undefined where there is none
 * @param many how many are made ahead at most
 */
export function readAhead<T>(
  make: (key: number) => Promise<T>,
  next: (key: number) => number | undefined,
  many: number,
): (key: number) => Promise<T> {
  let ahead: { key: number; value: Promise<T> }[] = [];
  return async (key) => {
    if (ahead[0]?.key !== key) ahead = [];
    const value = await (ahead.shift()?.value ?? make(key));
    for (let last = next(ahead.at(-1)?.key ?? key); last !== undefined && ahead.length < many; last = next(last)) {
      const made = make(last);
      made.catch(() => {}); // whoever asks for it is told
      ahead.push({ key: last, value: made });
    }
    return value;
  };
}

/** Bytes of values that are held ahead, and how many batches that may be. */
const [mostBytes, fewest, most] = [2 ** 28, 2, 16];

/**
 * Batches that are read ahead: one where they are in the store, and more where they come over a network, whose answers now
 * and then take longer than a step.
 * @param bytes of a batch
 */
export const batchesAhead = (isStreamed: boolean, bytes: number): number =>
  isStreamed ? Math.min(most, Math.max(fewest, Math.floor(mostBytes / bytes))) : 1;
