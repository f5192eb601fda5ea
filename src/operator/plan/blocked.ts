import type { Children } from './children.ts';
import type { ObservedJob, ObservedPod } from './observed.ts';
import { podsOf } from './pods.ts';

/** What stands in the way of pods is seen in them and in their Jobs. */
type Seen = Pick<Children, 'jobs' | 'pods'>;

/** Reason of a Job that Kubernetes makes no pod for. */
export const noPods = 'NoPods';

/** Milliseconds after which a pod that cannot start is worth a word: until then a claim is bound, or a GPU comes free. */
const blockedFor = 30_000;

/** Milliseconds that the Job controller waits after a failed pod, doubled with each, and at most. */
const [firstPause, longestPause] = [10_000, 600_000];

/** Milliseconds until a pod counts as one that cannot start, 0 or less if it does; undefined where nothing holds it up. */
function blockedIn({ blocked, deleting, createdAt }: ObservedPod, now: Date): number | undefined {
  if (blocked === undefined || deleting) return undefined;
  return Date.parse(createdAt) + blockedFor - now.getTime();
}

/**
 * Milliseconds until a Job counts as one that no pod is made for, 0 or less if it does; undefined where it has pods, or is to
 * have none. A quota on pods, an admission webhook and Pod Security refuse them to the Job controller, which tells of it in
 * events only.
 */
function podlessIn({ jobs, pods }: Seen, name: string, now: Date): number | undefined {
  const job = jobs.get(name);
  if (job?.idleSince === undefined || job.suspended || job.deleting || job.finished !== undefined) return undefined;
  if (podsOf(pods, name).some(({ phase }) => phase !== 'Failed')) return undefined;
  const pause = job.failed === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** (job.failed - 1));
  return Date.parse(job.idleSince) + pause + blockedFor - now.getTime();
}

/** Milliseconds until the next of pods that are held up, or of Jobs without any, is worth a word; undefined where there is none. */
export function nextBlocked(seen: Seen, now: Date): number | undefined {
  let next: number | undefined;
  const consider = (wait: number | undefined) => {
    if (wait !== undefined && wait > 0) next = Math.min(next ?? wait, wait);
  };
  for (const ofJob of seen.pods.values()) for (const pod of ofJob) consider(blockedIn(pod, now));
  for (const name of seen.jobs.keys()) consider(podlessIn(seen, name, now));
  return next;
}

/** Whether a pod has been unable to start for so long that it is worth a word. */
export function isBlocked(pod: ObservedPod, now: Date): boolean {
  const wait = blockedIn(pod, now);
  return wait !== undefined && wait <= 0;
}

/** Whether a Job has been without pods for so long that it is worth a word. */
export function isPodless(seen: Seen, { name }: ObservedJob, now: Date): boolean {
  const wait = podlessIn(seen, name, now);
  return wait !== undefined && wait <= 0;
}

/** At work, or on its way there. */
const isGoing = ({ phase, blocked, deleting }: ObservedPod) =>
  phase === 'Running' || (phase === 'Pending' && blocked === undefined && !deleting);

/** Whether pods of a run cannot start, or are not made, and none is at work. */
export function standsStill(seen: Seen, now: Date): boolean {
  let blocked = false;
  for (const ofJob of seen.pods.values()) {
    if (ofJob.some(isGoing)) return false;
    blocked ||= ofJob.some((pod) => isBlocked(pod, now));
  }
  return blocked || [...seen.jobs.values()].some((job) => isPodless(seen, job, now));
}
