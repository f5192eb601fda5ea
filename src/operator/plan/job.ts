import type { V1JobSpec, V1PodFailurePolicy, V1PodTemplateSpec } from '@kubernetes/client-node';
import { compact } from '../../api/compact.ts';
import { ExitCode } from '../../api/exitCodes.ts';
import { containerName, labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/client.ts';
import type { WantedJob } from './child.ts';
import { executionHash } from './execution.ts';
import { addressFormat } from './identity.ts';
import { ownerReference } from './owner.ts';
import { podTemplateOf, type Settings } from './pod.ts';
import { retryHash } from './retry.ts';

/** Label of a node that no other has. */
const hostname = 'kubernetes.io/hostname';

/** What cannot be mended by trying again fails at once; what was nobody's fault is not counted. */
const podFailurePolicy: V1PodFailurePolicy = {
  rules: [
    {
      action: 'FailJob',
      onExitCodes: { containerName, operator: 'In', values: [ExitCode.BadInput, ExitCode.BadConfiguration] },
    },
    {
      action: 'Ignore',
      onExitCodes: { containerName, operator: 'In', values: [ExitCode.Interrupted, ExitCode.Fenced] },
    },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  ],
};

/** Whether pods of a template can mount the run's claim at once: one that is ReadWriteOnce, only where they share a node. */
const canShareClaim = ({ spec }: Run, { spec: pod }: V1PodTemplateSpec): boolean =>
  spec.checkpoints.volume?.perModel === undefined || pod?.nodeSelector?.[hostname] !== undefined;

/** The Job that a run wants. `suspend` is left to a field manager of its own, so that it can change while the template cannot. */
export function buildJob(
  run: Run,
  { step, name, hash, task, model, shards }: WantedJob,
  settings: Settings,
): KubeObject {
  const { execution } = run.spec;
  const { retries, deadlines, maxParallel, jobTemplate, queueName } = execution;
  const override = model?.settings.podTemplate;
  const podLabels: Record<string, string> = compact({
    [labels.run]: run.metadata.name,
    [labels.component]: step,
    [labels.hash]: hash,
    [labels.managedBy]: managedBy,
    [labels.model]: model === undefined ? undefined : String(model.index),
  });
  const jobLabels: Record<string, string> = compact({
    ...podLabels,
    [labels.execution]: executionHash(run, { step, model }, settings),
    [labels.addressFormat]: String(addressFormat),
    [labels.retry]: retryHash(run),
    [labels.queue]: queueName,
  });
  const template = podTemplateOf(run, task, podLabels, settings, override);
  const spec: V1JobSpec = {
    backoffLimit: retries.perModel,
    podReplacementPolicy: 'Failed', // never two pods of one model at once
    ...(model !== undefined && compact({ activeDeadlineSeconds: deadlines.modelSeconds })),
    ...(shards !== undefined && {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: canShareClaim(run, template) ? Math.min(shards, maxParallel) : 1,
    }),
    podFailurePolicy,
    template,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: compact({
      name,
      namespace: run.metadata.namespace,
      labels: { ...jobTemplate?.metadata?.labels, ...jobLabels },
      annotations: jobTemplate?.metadata?.annotations,
      ownerReferences: [ownerReference(run)],
    }),
    spec,
  };
}
