import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1ResourceRequirements } from '@kubernetes/client-node';
import { compact } from '../../api/compact.ts';
import { containerName } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate, Resources } from '../../api/spec/execution.ts';
import { renderTask, stepOf, type Task, taskVariable } from '../../api/task.ts';
import { bucketVariables } from './buckets.ts';
import { mergePodTemplates } from './podTemplate.ts';
import { withPullSecrets } from './pullSecrets.ts';
import { steps } from './steps.ts';
import { volumesFor } from './volumes.ts';

/** What the operator is told at its start. */
export interface Settings {
  /** Image of trainer pods, unless the run names one. */
  trainerImage: string;
  /** Names of Secrets that every trainer pod may pull its image with; a run's podTemplate may add more. */
  imagePullSecrets?: readonly string[];
}

const httpPort = 8080;
/** The user `node` of the image. */
export const user = 1000;
/** What the level `restricted` of Pod Security asks of a container, and a root that nothing can write to. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
/** Seconds that a pod has to save its state. */
const gracePeriod = 60;

/** Resources as Kubernetes takes them. Those such as GPUs, whose names have a prefix, are left out where they are of no use. */
function requirements({ limits, requests }: Resources, usesGpus: boolean): V1ResourceRequirements {
  const listed = (list: Resources['limits']) =>
    list &&
    Object.fromEntries(
      Object.entries(list)
        .filter(([name]) => usesGpus || !name.includes('/'))
        .map(([name, value]) => [name, String(value)]),
    );
  return compact({ limits: listed(limits), requests: listed(requests) });
}

function container(run: Run, task: Task, settings: Settings): V1Container {
  const { execution } = run.spec;
  const volumes = volumesFor(run, task);
  return {
    name: containerName,
    image: execution.image ?? settings.trainerImage,
    imagePullPolicy: 'IfNotPresent',
    args: [task.kind],
    env: [
      { name: taskVariable, value: renderTask(task) },
      ...volumes.flatMap(({ variable, path }) => (variable === undefined ? [] : [{ name: variable, value: path }])),
      ...bucketVariables(run, task),
      { name: 'DDR_HTTP_PORT', value: String(httpPort) },
      { name: 'DDR_TERMINATION_LOG', value: '/dev/termination-log' },
      // TensorFlow's threads free what others took; with an arena for each, glibc keeps a fifth more than is used.
      { name: 'MALLOC_ARENA_MAX', value: '1' },
    ],
    ports: [{ name: 'http', containerPort: httpPort, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'http' },
      initialDelaySeconds: 30,
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 4,
    },
    resources: requirements(execution.resources, steps[stepOf(task)].usesGpus(run)),
    volumeMounts: volumes.map(({ volume, path }) => ({
      name: volume.name,
      mountPath: path,
      ...(volume.persistentVolumeClaim?.readOnly && { readOnly: true }),
    })),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: containerSecurity,
  };
}

/**
 * The template of a task's pods: ours, with the run's merged over it, then the step's, then the override's.
 * @param labels that the pods have whatever users add, because children are found by them
 */
export function podTemplateOf(
  run: Run,
  task: Task,
  labels: Record<string, string>,
  settings: Settings,
  override: PodTemplate | undefined,
): V1PodTemplateSpec {
  const { execution } = run.spec;
  const spec: V1PodSpec = {
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
    containers: [container(run, task, settings)],
    volumes: volumesFor(run, task).map(({ volume }) => volume),
  };
  const ours = withPullSecrets({ metadata: { labels }, spec }, settings.imagePullSecrets);
  const merged = mergePodTemplates(ours, execution.podTemplate, execution.steps[stepOf(task)]?.podTemplate, override);
  return { ...merged, metadata: { ...merged.metadata, labels: { ...merged.metadata?.labels, ...labels } } };
}
