import { runDirectory, runLayout } from '../../src/api/layout.ts';
import { containerName, labels } from '../../src/api/names.ts';
import { renderTermination, type TaskResult, type Termination } from '../../src/api/termination.ts';
import { type Client, isApiError, type KubeObject } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';

const failure: Termination = { outcome: 'Failed', code: 'Diverged', message: 'The loss is not a number.', log: [] };

/** Where there is no Job controller, this ends a Job as it would, with a pod that has a termination message. @param result undefined where it fails */
export async function endJob(client: Client, job: KubeObject, result: TaskResult | undefined): Promise<void> {
  const { namespace = '', name, uid = '' } = job.metadata;
  const now = new Date().toISOString();
  const isGood = result !== undefined;
  const { spec } = (job.spec as { template: { spec: object } }).template;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
  const podLabels = { ...job.metadata.labels, 'batch.kubernetes.io/job-name': name };
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: `${name}-${uid.slice(0, 5)}`, labels: podLabels, ownerReferences: [owner] },
  };
  await client.create(types.pod, { ...pod, spec }).catch((error: unknown) => {
    if (!isApiError(error, 409)) throw error;
  });
  const message = renderTermination(isGood ? { outcome: 'Succeeded', result } : failure);
  const terminated = { exitCode: isGood ? 0 : 1, message };
  const container = {
    name: containerName,
    ready: false,
    restartCount: 0,
    image: 'i',
    imageID: 'i',
    state: { terminated },
  };
  const podStatus = { phase: isGood ? 'Succeeded' : 'Failed', containerStatuses: [container] };
  const by = (fieldManager: string) => ({ fieldManager, subresource: 'status' }) as const;
  await client.apply(types.pod, { ...pod, status: podStatus }, by('kubelet'));
  const conditions = (isGood ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed']).map((type) => ({
    type,
    status: 'True',
    reason: isGood ? '' : 'BackoffLimitExceeded',
    message: isGood ? '' : 'Job has reached the specified backoff limit',
    lastTransitionTime: now,
    lastProbeTime: now,
  }));
  const status = {
    startTime: now,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions,
    ...(isGood ? { succeeded: 1, completionTime: now } : { failed: 1 }),
  };
  await client.apply(
    types.job,
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name }, status },
    by('job-controller'),
  );
}

/** What a step says when it has succeeded, of the address that its Job has. */
export function resultOf({ metadata }: KubeObject): TaskResult {
  const hash = metadata.labels?.[labels.hash] ?? '';
  const run = metadata.labels?.[labels.run] ?? '';
  const component = metadata.labels?.[labels.component];
  switch (component) {
    case 'prepare':
      return {
        kind: 'prepare',
        dataset: `datasets/${hash}`,
        sha256: hash.padEnd(64, '0'),
        count: 9,
        leftOut: 1,
        broken: 0,
        notices: ['a notice'],
      };
    case 'aggregate':
      if (metadata.name.includes('-collect-')) return { kind: 'collect', models: 1 };
      return {
        kind: 'aggregate',
        path: runLayout(runDirectory(run)).bundle(hash),
        digest: `bundle-${hash}`,
        models: 1,
      };
    case 'sample':
      return { kind: 'sample', shard: 0, count: 1 };
    case 'evaluate':
      return { kind: 'evaluate', path: `reports/${hash}`, digest: hash, sampleCount: 5, metrics: [], caveats: [] };
    default:
      return { kind: 'train', digest: hash, images: 1, loss: null };
  }
}
