import type { Children } from './children.ts';
import type { Observed, ObservedPod } from './observed.ts';

/** Milliseconds after which a pod that cannot start is worth a word: until then a claim is bound, or a GPU comes free. */
const blockedFor = 30_000;

/** Milliseconds until a pod counts as one that cannot start, 0 or less if it does; undefined where nothing holds it up. */
function blockedIn({ blocked, deleting, createdAt }: ObservedPod, now: Date): number | undefined {
  if (blocked === undefined || deleting) return undefined;
  return Date.parse(createdAt) + blockedFor - now.getTime();
}

/** Milliseconds until the next of the pods that are held up counts as one that cannot start; undefined where there is none. */
export function nextBlocked({ pods }: Observed, now: Date): number | undefined {
  const waits = pods.flatMap((pod) => blockedIn(pod, now) ?? []).filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : waits.reduce((least, wait) => Math.min(least, wait));
}

/** Whether a pod has been unable to start for so long that it is worth a word. */
export function isBlocked(pod: ObservedPod, now: Date): boolean {
  const wait = blockedIn(pod, now);
  return wait !== undefined && wait <= 0;
}

/** At work, or on its way there. */
const isGoing = ({ phase, blocked, deleting }: ObservedPod) =>
  phase === 'Running' || (phase === 'Pending' && blocked === undefined && !deleting);

/** Whether pods of a run cannot start, and none is at work. */
export function standsStill({ pods }: Pick<Children, 'pods'>, now: Date): boolean {
  let blocked = false;
  for (const ofJob of pods.values()) {
    if (ofJob.some(isGoing)) return false;
    blocked ||= ofJob.some((pod) => isBlocked(pod, now));
  }
  return blocked;
}
