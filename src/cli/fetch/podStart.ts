import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { type Client, isApiError, type KubeObject } from '../../operator/kube/client.ts';
import { type Clock, sleep } from '../../operator/kube/clock.ts';
import { observePod } from '../../operator/plan/observed.ts';
import { howItEnded } from '../../operator/plan/podEnd.ts';
import { types } from '../../operator/types.ts';

/** Milliseconds between two looks. */
const lookEvery = 500;

/** Milliseconds that a pod may be held up by what rarely passes, and by what often does: a node comes, a volume is attached. */
const [patience, longPatience] = [30_000, 300_000];

const eventType = { group: '', version: 'v1', kind: 'Event', plural: 'events' } as const;

export interface StartOptions {
  client: Pick<Client, 'get' | 'list'>;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** Told, once for each reason, what the pod waits for. */
  note: (text: string) => void;
}

const warningSchema = z.object({
  type: z.literal('Warning'),
  reason: z.string().default(''),
  message: z.string().default(''),
  involvedObject: z.object({ uid: z.string().optional() }),
});

/** The last warning about a pod, such as that its volume cannot be mounted; undefined where there is none, or one may not see it. */
async function warningAbout(pod: KubeObject, { client }: StartOptions): Promise<string | undefined> {
  const { namespace, uid } = pod.metadata;
  const { items } = await client.list(eventType, { namespace }).catch(() => ({ items: [] }));
  const warnings = items.flatMap((item) => warningSchema.safeParse(item).data ?? []);
  const last = warnings.filter(({ involvedObject }) => involvedObject.uid === uid).at(-1);
  return last && `${last.reason}: ${last.message}`;
}

/**
 * Waits until a pod runs.
 * @throws DdrError PodNotStarted with the reason that Kubernetes gives; what aborted the signal
 */
export async function untilRunning(pod: KubeObject, options: StartOptions): Promise<void> {
  const { client, clock, signal, note } = options;
  const { namespace = '', name } = pod.metadata;
  const failed = (message: string, hint?: string) =>
    new DdrError('PodNotStarted', message, { where: `pod ${namespace}/${name}`, hint });
  const started = clock.elapsed();
  const told = new Set<string>();
  for (;;) {
    signal?.throwIfAborted();
    const found = await client.get(types.pod, namespace, name);
    if (found === undefined) throw failed('somebody has deleted the pod that was to read the claim');
    const seen = observePod(found);
    if (seen.phase === 'Running' && seen.blocked === undefined) return;
    if (seen.terminated !== undefined || seen.phase === 'Succeeded')
      throw failed(`the pod that was to read the claim ${howItEnded(seen)}`);
    const waited = clock.elapsed() - started;
    const { reason, message } = seen.blocked ?? { reason: '', message: '' };
    const limit = reason === '' || reason === 'Unschedulable' ? longPatience : patience;
    const why = reason === '' ? undefined : `${reason}: ${message}`;
    if (why !== undefined && told.size < told.add(reason).size) note(`the pod that reads the claim waits: ${why}`);
    if (waited > limit) {
      const warning = why ?? (await warningAbout(pod, options)) ?? `it does not run after ${limit / 1000} s`;
      throw failed(`the pod that is to read the claim cannot start: ${warning}`, 'The same command tries again.');
    }
    await sleep(clock, lookEvery, signal);
  }
}

/** What a refusal of a pod means. @throws DdrError PodNotStarted; any other error as it is */
export function refused(error: unknown, namespace: string): never {
  if (!isApiError(error, 403) && !isApiError(error, 422) && !isApiError(error, 400)) throw error;
  throw new DdrError('PodNotStarted', `the pod that is to read the claim is refused: ${error.message}`, {
    where: `namespace ${namespace}`,
    cause: error,
  });
}
