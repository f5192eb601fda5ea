import type {
  V1Container,
  V1JobSpec,
  V1PodTemplateSpec,
  V1ResourceRequirements,
  V1Volume,
} from '@kubernetes/client-node';
import { ExitCode } from '../../api/exitCodes.ts';
import { type Component, labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate, Resources } from '../../api/spec/execution.ts';
import { type Task, taskVariables } from '../../api/task.ts';
import type { KubeObject } from '../kube/cluster.ts';
import { childNames, executionHash } from './identity.ts';
import { ownerReference } from './owner.ts';
import { mergePodTemplates } from './podTemplate.ts';
import { withPullSecrets } from './pullSecrets.ts';

/** What the operator is told at its start. */
export interface Settings {
  /** Image of trainer pods, unless the run names one. */
  trainerImage: string;
  /** Names of Secrets that every trainer pod may pull its image with; a run's podTemplate may add more. */
  imagePullSecrets?: readonly string[];
}

export const containerName = 'trainer';
export const httpPort = 8080;
/** The user `node` of the image. */
const user = 1000;
/** Seconds that a pod has to save its state. */
const gracePeriod = 60;

const paths = {
  run: '/volumes/run',
  data: '/volumes/data',
  reference: '/volumes/reference',
  weights: '/volumes/weights',
  tmp: '/tmp',
};

/** Resources such as GPUs, whose names have a prefix, are of no use to aggregation and evaluation. */
function withoutExtended({ limits, requests }: Resources): Resources {
  const plain = (list: Resources['limits']) =>
    list && Object.fromEntries(Object.entries(list).filter(([name]) => !name.includes('/')));
  return { ...(limits && { limits: plain(limits) }), ...(requests && { requests: plain(requests) }) };
}

const toRequirements = ({ limits, requests }: Resources): V1ResourceRequirements => {
  const text = (list: NonNullable<Resources['limits']>) =>
    Object.fromEntries(Object.entries(list).map(([name, value]) => [name, String(value)]));
  return { ...(limits && { limits: text(limits) }), ...(requests && { requests: text(requests) }) };
};

/** Volumes of a task's pod, and the variables that name them. */
function volumesOf(run: Run, task: Task): { volume: V1Volume; path: string; variable?: string }[] {
  const { shared } = run.spec.checkpoints.volume;
  const claim = (name: string, claimName: string, readOnly: boolean): V1Volume => ({
    name,
    persistentVolumeClaim: { claimName, ...(readOnly && { readOnly }) },
  });
  const { evaluation, dataset } = run.spec;
  const reference = evaluation?.reference.file?.volume.claimName;
  const weights = evaluation?.extractor.weights?.volume.claimName;
  return [
    {
      volume: claim('run', shared.claimName ?? childNames(run.metadata.name).claim, false),
      path: paths.run,
      variable: 'DDR_RUN_DIR',
    },
    ...(task.kind === 'sample'
      ? []
      : [{ volume: claim('data', dataset.source.volume.claimName, true), path: paths.data, variable: 'DDR_DATA_DIR' }]),
    ...(task.kind !== 'evaluate' || reference === undefined
      ? []
      : [{ volume: claim('reference', reference, true), path: paths.reference, variable: 'DDR_REFERENCE_DIR' }]),
    ...((task.kind !== 'evaluate' && task.kind !== 'sample') || weights === undefined
      ? []
      : [{ volume: claim('weights', weights, true), path: paths.weights, variable: 'DDR_WEIGHTS_DIR' }]),
    { volume: { name: 'tmp', emptyDir: { sizeLimit: '2Gi' } }, path: paths.tmp },
  ];
}

function podTemplate(
  run: Run,
  task: Task,
  podLabels: Record<string, string>,
  settings: Settings,
  override: PodTemplate | undefined,
): V1PodTemplateSpec {
  const { execution } = run.spec;
  const volumes = volumesOf(run, task);
  const usesGpu = task.kind === 'train' || task.kind === 'sample';
  const container: V1Container = {
    name: containerName,
    image: execution.image ?? settings.trainerImage,
    imagePullPolicy: 'IfNotPresent',
    args: [task.kind],
    env: [
      ...taskVariables(task),
      ...volumes.flatMap(({ variable, path }) => (variable === undefined ? [] : [{ name: variable, value: path }])),
      { name: 'DDR_HTTP_PORT', value: String(httpPort) },
      { name: 'DDR_TERMINATION_LOG', value: '/dev/termination-log' },
    ],
    ports: [{ name: 'http', containerPort: httpPort, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'http' },
      initialDelaySeconds: 30,
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 4,
    },
    resources: toRequirements(usesGpu ? execution.resources : withoutExtended(execution.resources)),
    volumeMounts: volumes.map(({ volume, path }) => ({
      name: volume.name,
      mountPath: path,
      ...(volume.persistentVolumeClaim?.readOnly && { readOnly: true }),
    })),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
  const template: V1PodTemplateSpec = {
    metadata: { labels: podLabels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: gracePeriod,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container],
      volumes: volumes.map(({ volume }) => volume),
    },
  };
  const merged = mergePodTemplates(
    withPullSecrets(template, settings.imagePullSecrets),
    execution.podTemplate,
    override,
  );
  // Whatever users add, children are found by these labels.
  return { ...merged, metadata: { ...merged.metadata, labels: { ...merged.metadata?.labels, ...podLabels } } };
}

export interface JobOptions {
  name: string;
  /** Content hash of what it makes. */
  hash: string;
  component: Component;
  task: Task;
  podTemplate?: PodTemplate | undefined;
  /** Of training Jobs: which model. */
  model?: number;
  /** Of sampling Jobs: pods, each with its index. */
  shards?: number;
  suspend: boolean;
}

/** The Job of a task. `suspend` is left to a field manager of its own, so that it can change while the template cannot. */
export function buildJob(run: Run, options: JobOptions, settings: Settings): KubeObject {
  const { name, hash, component, task, model, shards } = options;
  const { execution } = run.spec;
  const jobLabels: Record<string, string> = {
    [labels.run]: run.metadata.name,
    [labels.component]: component,
    [labels.hash]: hash,
    [labels.managedBy]: managedBy,
    ...(model === undefined ? {} : { [labels.model]: String(model) }),
  };
  const spec: V1JobSpec = {
    backoffLimit: execution.retries.perModel,
    podReplacementPolicy: 'Failed', // never two pods of one model at once
    ...(component === 'train' &&
      execution.deadlines.modelSeconds !== undefined && { activeDeadlineSeconds: execution.deadlines.modelSeconds }),
    ...(shards === undefined
      ? {}
      : { completionMode: 'Indexed', completions: shards, parallelism: Math.min(shards, execution.maxParallel) }),
    podFailurePolicy: {
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
    },
    template: podTemplate(run, task, jobLabels, settings, options.podTemplate),
    // A Job that begins suspended makes no pod before somebody wants one.
    ...(options.suspend ? { suspend: true } : {}),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: run.metadata.namespace,
      labels: {
        ...jobLabels,
        [labels.execution]: executionHash(run, options.podTemplate),
        ...(execution.queueName === undefined ? {} : { [labels.queue]: execution.queueName }),
      },
      ownerReferences: [ownerReference(run)],
    },
    spec,
  };
}
