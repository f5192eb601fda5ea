/**
 * Makes the value after the one that was asked for ahead of time: while a step computes, the next one's images are read.
 * @param next the key after a key
 */
export function oneAhead<T>(
  make: (key: number) => Promise<T>,
  next: (key: number) => number,
): (key: number) => Promise<T> {
  let ahead: { key: number; value: Promise<T> } | undefined;
  return async (key) => {
    const value = await (ahead?.key === key ? ahead.value : make(key));
    ahead = { key: next(key), value: make(next(key)) };
    ahead.value.catch(() => {}); // whoever asks for it is told
    return value;
  };
}
