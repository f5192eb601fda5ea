import { createHash } from 'node:crypto';

/** What can happen to a request, by what kind of request it is, and to an event of a watch; with how likely each is. */
const rates = {
  read: {
    slow: 0.03,
    '410': 0.03,
    '429': 0.05,
    '500': 0.03,
    '503': 0.04,
    'cut before': 0.05,
    'cut after': 0.05,
  },
  write: {
    slow: 0.05,
    '409': 0.05,
    '422': 0.03,
    '429': 0.06,
    '500': 0.04,
    '503': 0.05,
    'cut before': 0.06,
    'cut after': 0.08,
  },
  watch: { slow: 0.05, '410': 0.06, '429': 0.05, '500': 0.05, '503': 0.05, 'cut before': 0.05 },
  event: {
    'event delayed': 0.08,
    'event dropped': 0.015,
    'event duplicated': 0.2,
    'event stale': 0.2,
    'watch cut': 0.02,
    'watch 410': 0.015,
  },
  bookmark: { 'bookmark lost': 0.3 },
} as const;

export type Place = keyof typeof rates;
export type Fault = { [P in Place]: keyof (typeof rates)[P] }[Place];

export const faults: readonly Fault[] = [
  ...new Set(Object.values(rates).flatMap((of) => Object.keys(of) as Fault[])),
].sort();

/** A number of [0, 1) that is the same for the same words. */
export function chance(...words: (string | number)[]): number {
  return createHash('sha256').update(words.join('\0')).digest().readUInt32BE() / 2 ** 32;
}

/**
 * Which requests and events meet with which fault: decided by the seed, what it is, and how often that has come, so that
 * the same seed does the same to each, whatever else comes between.
 */
export class FaultPlan {
  readonly seed: number;
  readonly #counts = new Map<string, number>();
  readonly injected = new Map<Fault, number>();
  /** Every injection, in their order. */
  readonly log: string[] = [];

  constructor(seed: number) {
    this.seed = seed;
  }

  /** What happens now; undefined mostly. @param what names it: verb and path, say */
  decide(place: Place, what: string): Fault | undefined {
    const count = this.#counts.get(`${place} ${what}`) ?? 0;
    this.#counts.set(`${place} ${what}`, count + 1);
    let left = chance(this.seed, place, what, count);
    for (const [fault, rate] of Object.entries(rates[place]) as [Fault, number][]) {
      if (left < rate) return fault;
      left -= rate;
    }
    return undefined;
  }

  /** Counts a fault that has been brought about. */
  note(fault: Fault, what: string): void {
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
    this.log.push(`${fault}: ${what}`);
  }

  get total(): number {
    return [...this.injected.values()].reduce((sum, count) => sum + count, 0);
  }
}
