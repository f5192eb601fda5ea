/** A finding about a value: where in it, and what would be right. */
export interface Problem {
  path: (string | number)[];
  message: string;
}

/** The letters to add, take away or change for one text to be the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The name that is meant by a misspelt one, if one is near: two letters off at most, or another case. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const near = (other: string) => distance(name.toLowerCase(), other.toLowerCase());
  const [best] = names.map((other) => ({ other, off: near(other) })).sort((a, b) => a.off - b.off);
  return best !== undefined && best.off <= Math.min(2, Math.floor(name.length / 3)) ? best.other : undefined;
}
