import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../src/api/names.ts';
import { parseRun, type Run } from '../../src/api/run.ts';
import type { RunStatus } from '../../src/api/status.ts';
import { renderTermination } from '../../src/api/termination.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { isApiError, type KubeObject, type ResourceType } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';

const namespaceType: ResourceType = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' };

/** What puts a pod on a simulated node, where it succeeds after so many seconds. */
const onSimulatedNodes = (seconds: number) => ({
  metadata: { annotations: { 'simulate/seconds': String(seconds) } },
  spec: {
    nodeSelector: { type: 'kwok' },
    tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
  },
});

/** A run of S models whose pods are simulated. */
export const simulatedRun = (name: string, namespace: string, states: number, maxParallel = states): Run =>
  parseRun({
    apiVersion: 'tspace.dev/v1alpha1',
    kind: 'DisentangledDiffusionRun',
    metadata: { name, namespace },
    spec: {
      schedule: { states, timesteps: Math.max(1000, states) },
      dataset: {
        source: { volume: { claimName: 'data', path: 'digits' } },
        format: 'Idx',
        image: { size: 28, channels: 1 },
      },
      checkpoints: { volume: { shared: { claimName: 'checkpoints' } } },
      execution: { maxParallel, image: 'simulated', podTemplate: onSimulatedNodes(1) },
    },
  });

/** The claims that simulated runs name: no pod is scheduled before its claims are there. */
const claimNames = ['data', 'checkpoints'];
const claim = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace, name },
  spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
});

/** A namespace with the claims, and nothing else, at the beginning, and gone at the end. */
export async function withNamespace<T>(client: ApiClient, name: string, body: () => Promise<T>): Promise<T> {
  await client.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  try {
    await Promise.all(claimNames.map((claimName) => client.create(types.claim, claim(name, claimName))));
    return await body();
  } finally {
    await client.delete(namespaceType, '', name);
    while ((await client.get(namespaceType, '', name)) !== undefined) await wait(500);
  }
}

/** The digest that every simulated dataset has. */
const datasetDigest = createHash('sha256').update('simulated').digest('hex');

const termination = renderTermination({
  outcome: 'Succeeded',
  result: {
    kind: 'prepare',
    dataset: datasetDigest.slice(0, 16),
    sha256: datasetDigest,
    count: 1000,
    leftOut: 0,
    broken: 0,
    notices: [],
  },
});

interface PodStatus {
  phase?: string;
  containerStatuses?: { state: { terminated?: { message?: string } } }[];
}

/** Simulated pods say nothing when they end: this one says in their place what a prepare step would have found. */
async function speakFor(client: ApiClient, pod: KubeObject): Promise<void> {
  const { phase, containerStatuses: [container] = [] } = (pod.status ?? {}) as PodStatus;
  const { terminated } = container?.state ?? {};
  if (phase !== 'Succeeded' || terminated === undefined || terminated.message !== undefined) return;
  const status = {
    ...(pod.status as object),
    containerStatuses: [{ ...container, state: { terminated: { ...terminated, message: termination } } }],
  };
  const { name, namespace } = pod.metadata;
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, status };
  await client.apply(types.pod, object, { fieldManager: 'bench', subresource: 'status' }).catch((error: unknown) => {
    if (!isApiError(error, 404)) throw error;
  });
}

/** Speaks for the prepare pods of all namespaces until it is stopped. @returns a function that stops it */
export function speakForPreparePods(client: ApiClient): () => Promise<void> {
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      const labelSelector = `${labels.component}=prepare`;
      const { items } = await client.list(types.pod, { labelSelector });
      for (const pod of items) await speakFor(client, pod);
      await wait(200, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    await running;
  };
}

/** What is seen of a run's status from outside, with the seconds since it was applied. */
export interface Observation {
  seconds: number;
  status: RunStatus;
}

/**
 * Follows a run from now until it has a condition, or is given up.
 * @returns every status that was written
 */
export async function follow(
  client: ApiClient,
  run: Run,
  until: (status: RunStatus) => boolean,
  limitSeconds: number,
): Promise<Observation[]> {
  const started = performance.now();
  const seen: Observation[] = [];
  const stop = AbortSignal.timeout(limitSeconds * 1000);
  const { name, namespace } = run.metadata;
  const { items, resourceVersion } = await client.list(types.run, { namespace });
  const note = (object: KubeObject) => {
    const status = object.status as RunStatus | undefined;
    if (object.metadata.name !== name || status === undefined) return false;
    seen.push({ seconds: (performance.now() - started) / 1000, status });
    return until(status);
  };
  if (items.some(note)) return seen;
  for await (const event of client.watch(types.run, {
    namespace,
    resourceVersion,
    timeoutSeconds: limitSeconds,
    signal: stop,
  })) {
    if (event.type !== 'BOOKMARK' && note(event.object)) return seen;
  }
  throw new Error(
    `${namespace}/${name}: not within ${limitSeconds} s; last: ${JSON.stringify(seen.at(-1)?.status.models)}`,
  );
}

export const isTrained = ({ models }: RunStatus): boolean => models !== undefined && models.done === models.total;
