import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';

/** Children that the operator writes at once for one run; the bare loop does the same. */
const concurrency = 16;

export interface Yardstick {
  /** Jobs created a second. */
  rate: number;
  /** Seconds from the first creation to the last Job's end. */
  seconds: number;
}

const isComplete = ({ status }: KubeObject): boolean =>
  ((status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? []).some(
    ({ type, status }) => type === 'Complete' && status === 'True',
  );

/** Waits until so many Jobs of a namespace have ended well, by a watch: asking again and again would be a load of its own. */
async function untilComplete(client: ApiClient, namespace: string, count: number): Promise<void> {
  const complete = new Set<string>();
  const { items, resourceVersion } = await client.list(types.job, { namespace });
  const note = (job: KubeObject) => {
    if (isComplete(job)) complete.add(job.metadata.name);
    return complete.size === count;
  };
  for (const job of items) if (note(job)) return;
  for await (const event of client.watch(types.job, { namespace, resourceVersion, timeoutSeconds: 7200 }))
    if (event.type !== 'BOOKMARK' && note(event.object)) return;
}

/** A Job as somebody would create it who has no operator. */
function bare(job: KubeObject, namespace: string): KubeObject {
  const { ownerReferences: _, ...metadata } = job.metadata;
  return { ...job, metadata: { ...metadata, namespace } };
}

/** The same Jobs, created by a bare loop with the same client. */
export async function bareLoop(client: ApiClient, namespace: string, jobs: readonly KubeObject[]): Promise<Yardstick> {
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  const waiting = [...jobs];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      await client.create(types.job, bare(job, namespace));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const rate = jobs.length / since();
  await untilComplete(client, namespace, jobs.length);
  return { rate, seconds: since() };
}

/** One Indexed Job with an index for each of so many pods of a Job's template. @returns seconds to its end */
export async function indexedJob(
  client: ApiClient,
  namespace: string,
  job: KubeObject,
  completions: number,
): Promise<number> {
  const started = performance.now();
  const spec = job.spec as Record<string, unknown>;
  const object = bare(job, namespace);
  await client.create(types.job, {
    ...object,
    metadata: { ...object.metadata, name: 'indexed' },
    spec: { ...spec, completionMode: 'Indexed', completions, parallelism: completions },
  });
  await untilComplete(client, namespace, 1);
  return (performance.now() - started) / 1000;
}
