import { retryAnnotation } from '../../api/names.ts';
import { type KubeObject, keyOf } from '../kube/client.ts';
import { backoff, type Clock } from '../kube/clock.ts';
import { type Cause, nothingRefused, type Refused } from '../plan/refused.ts';
import type { Outcome } from './childWriter.ts';

/** Milliseconds before a refused child is tried again, the first time and at most. */
const [firstDelay, longestDelay] = [1000, 300_000];

interface OfRun {
  /** What a person has asked for: with anything else, all is tried at once. */
  revision: string;
  /** `due` is in the clock's elapsed time: if somebody sets the clock, none waits for hours. */
  children: Map<string, Cause & { due: number; times: number }>;
}

const revisionOf = ({ metadata }: KubeObject) =>
  `${metadata.generation} ${metadata.annotations?.[retryAnnotation] ?? ''}`;

/** Remembers what was refused, so that each child is tried again after a growing delay of its own. */
export class Refusals {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #runs = new Map<string, OfRun>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Children of a run that are refused as it is now. */
  of(run: KubeObject): Refused {
    const known = this.#of(run);
    if (known === undefined) return nothingRefused;
    const start = this.#clock.now() - this.#clock.elapsed();
    return new Map(
      [...known.children].map(([name, { reason, message, due }]) => [name, { reason, message, until: start + due }]),
    );
  }

  /** Notes what came of one pass. */
  note(run: KubeObject, { taken, refused }: Outcome): void {
    const known = this.#of(run);
    for (const name of taken) known?.children.delete(name);
    if (refused.size === 0) return;
    const ofRun = known ?? { revision: revisionOf(run), children: new Map() };
    this.#runs.set(keyOf(run), ofRun);
    for (const [name, cause] of refused) {
      const times = ofRun.children.get(name)?.times ?? 0;
      const due = this.#clock.elapsed() + backoff(times, firstDelay, longestDelay, this.#random);
      ofRun.children.set(name, { ...cause, due, times: times + 1 });
    }
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#runs.delete(key);
  }

  #of(run: KubeObject): OfRun | undefined {
    const known = this.#runs.get(keyOf(run));
    return known?.revision === revisionOf(run) ? known : undefined;
  }
}
