/** Why a child was refused: a reason of conditions and events, and what was said. */
export interface Cause {
  reason: 'ChildRefused' | 'PodSecurity';
  message: string;
}

/** A child that the API server refuses, or would refuse pods of. */
export interface Refusal extends Cause {
  /** When to try again, in milliseconds since 1970. */
  until: number;
}

/** Children that were refused, by their names, until it takes them. */
export type Refused = ReadonlyMap<string, Refusal>;

export const nothingRefused: Refused = new Map();

/** What was refused without the Jobs that are there: a try whose answer was lost has made them, or somebody else's write. */
export function stillRefused(refused: Refused, jobs: readonly { name: string }[]): Refused {
  if (refused.size === 0) return refused;
  const there = new Set(jobs.map(({ name }) => name));
  return new Map([...refused].filter(([name]) => !there.has(name)));
}

/** Whether a child has just been refused, and is not to be tried now. */
export const isPutOff = (refused: Refused, name: string, now: Date): boolean =>
  (refused.get(name)?.until ?? Number.NEGATIVE_INFINITY) > now.getTime();

/** Milliseconds until the next of them is to be tried again; undefined where none waits. */
export function nextTry(refused: Refused, now: Date): number | undefined {
  const waits = [...refused.values()].map(({ until }) => until - now.getTime()).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : waits.reduce((least, wait) => Math.min(least, wait));
}

/** Children that a text names at most: one cause has often refused all of them. */
const most = 3;

/** The reason that all refusals share; `ChildRefused` where they have several. */
export function refusalReason(refused: Refused): Cause['reason'] {
  return [...refused.values()].every(({ reason }) => reason === 'PodSecurity') ? 'PodSecurity' : 'ChildRefused';
}

/** What was refused and why, for conditions and events. */
export function refusalText(refused: Refused): string {
  const named = [...refused].slice(0, most).map(([name, { message }]) => `${name}: ${message}`);
  const more = refused.size > most ? `\nand ${refused.size - most} more` : '';
  const what = refused.size === 1 ? 'A child was refused' : `${refused.size} children were refused`;
  return `${what}, and will be tried again. ${named.join('\n')}${more}`;
}
