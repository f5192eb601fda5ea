import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../src/api/names.ts';
import { renderTermination, type TaskResult } from '../../src/api/termination.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';

/** Asks ten times a second, for half a minute at most, until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await wait(100);
  }
  throw new Error(`${what}: not within 30 s`);
}

const results: Record<string, TaskResult> = {
  prepare: {
    kind: 'prepare',
    dataset: 'datasets/d',
    sha256: 'd'.repeat(64),
    count: 9,
    leftOut: 1,
    broken: 0,
    notices: ['a notice'],
  },
  aggregate: { kind: 'aggregate', path: 'runs/x/bundles/b', digest: 'bundle-digest', models: 1 },
  sample: { kind: 'sample', shard: 0, count: 1 },
  evaluate: {
    kind: 'evaluate',
    path: 'runs/x/reports/r',
    digest: 'report-digest',
    sampleCount: 5,
    metrics: [],
    caveats: [],
  },
};

/** There is no Job controller here: this ends Jobs as it would, with a pod that has a termination message. */
export async function finishJob(client: ApiClient, job: KubeObject): Promise<void> {
  const component = job.metadata.labels?.[labels.component] ?? '';
  const { namespace, name, uid = '' } = job.metadata;
  const now = new Date().toISOString();
  const spec = (job.spec as { template: { spec: object } }).template.spec;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
  const podLabels = { ...job.metadata.labels, 'batch.kubernetes.io/job-name': name };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: `${name}-pod`, labels: podLabels, ownerReferences: [owner] },
    spec,
  };
  await client.create(types.pod, pod);
  const message = renderTermination({
    outcome: 'Succeeded',
    result: results[component] ?? { kind: 'train', digest: name, images: 1, loss: null },
  });
  const container = {
    name: 'trainer',
    ready: false,
    restartCount: 0,
    image: 'i',
    imageID: 'i',
    state: { terminated: { exitCode: 0, message } },
  };
  await client.apply(
    types.pod,
    { ...pod, spec: undefined, status: { phase: 'Succeeded', containerStatuses: [container] } },
    { fieldManager: 'kubelet', subresource: 'status' },
  );
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    lastProbeTime: now,
  }));
  const status = {
    startTime: now,
    completionTime: now,
    succeeded: 1,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions,
  };
  const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name }, status };
  await client.apply(types.job, body as unknown as KubeObject, {
    fieldManager: 'job-controller',
    subresource: 'status',
  });
}
