import { z } from 'zod';
import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import { apiVersion, containerName, group, kind } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../../operator/kube/client.ts';
import { containerSecurity, user } from '../../operator/plan/pod.ts';

/** Label of the pods that read a run's results; not one of the run's own children, which the operator would look after. */
export const readerLabel = `${group}/reader`;

export const readerContainer = 'reader';

/** Where the claim is mounted. */
export const claimRoot = '/volumes/run';

/** Seconds after which a reader ends that nobody has deleted: whoever asked for it may have been killed. */
export const readerSeconds = 3600;

const identifier = z.int().min(0).optional().catch(undefined);

/** Of a Job's pods, what lets a pod of ours run where they did and read what they wrote. */
const templateSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }).prefault({}),
  spec: z.object({
    containers: z.array(z.object({ name: z.string(), image: z.string(), imagePullPolicy: z.string().optional() })),
    imagePullSecrets: z.unknown().optional(),
    nodeSelector: z.unknown().optional(),
    affinity: z.unknown().optional(),
    tolerations: z.unknown().optional(),
    runtimeClassName: z.unknown().optional(),
    priorityClassName: z.unknown().optional(),
    schedulerName: z.unknown().optional(),
    securityContext: z
      .object({
        runAsUser: identifier,
        runAsGroup: identifier,
        fsGroup: identifier,
        supplementalGroups: z.array(z.int()).default([]),
        seLinuxOptions: z.unknown().optional(),
      })
      .prefault({}),
  }),
});
type Template = z.output<typeof templateSchema>;

/** The template of a Job's pods; undefined for what is none. */
export const templateOf = (job: KubeObject): Template | undefined =>
  z.object({ template: templateSchema }).safeParse(job.spec).data?.template;

export interface ReaderOptions {
  run: Run;
  claimName: string;
  /** Of the run's Jobs, where there are any. */
  template: Template | undefined;
  /** Image that is named by whoever asks. */
  image: string | undefined;
  /** Tells readers of one run apart. */
  suffix: string;
}

/**
 * A pod that waits to be asked for files of a claim. It satisfies the level `restricted` of Pod Security, has no token, mounts
 * the claim read-only, and ends by itself.
 * @throws DdrError InputMissing where no image is known
 */
export function readerPod({ run, claimName, template, image, suffix }: ReaderOptions): KubeObject {
  const { name, namespace, uid = '' } = run.metadata;
  const trainer = template?.spec.containers.find((container) => container.name === containerName);
  const chosen = image ?? trainer?.image ?? run.spec.execution.image;
  if (chosen === undefined)
    throw new DdrError('InputMissing', 'the trainer image is not known any more: the Jobs of the run are gone', {
      where: `${namespace}/${name}`,
      hint: 'Name one with --image.',
    });
  const { securityContext, containers: _, ...placement } = template?.spec ?? { securityContext: undefined };
  const { runAsUser = user, runAsGroup = user, fsGroup = user, supplementalGroups = [] } = securityContext ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-fetch-${suffix}`,
      namespace,
      labels: { [readerLabel]: name },
      ...compact({ annotations: template?.metadata.annotations }),
      // It goes with its run, and is none of its controller's.
      ...(uid !== '' && { ownerReferences: [{ apiVersion, kind, name, uid }] }),
    },
    spec: compact({
      ...placement,
      restartPolicy: 'Never',
      activeDeadlineSeconds: readerSeconds,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: compact({
        runAsNonRoot: true,
        runAsUser: runAsUser === 0 ? user : runAsUser,
        runAsGroup,
        // Not fsGroup: for that the kubelet may change files of the volume.
        supplementalGroups: [...new Set([fsGroup, ...supplementalGroups])],
        seLinuxOptions: securityContext?.seLinuxOptions,
        seccompProfile: { type: 'RuntimeDefault' },
      }),
      containers: [
        {
          name: readerContainer,
          image: chosen,
          imagePullPolicy: trainer?.imagePullPolicy ?? 'IfNotPresent',
          command: ['sleep', String(readerSeconds)],
          resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
          volumeMounts: [{ name: 'run', mountPath: claimRoot, readOnly: true }],
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: containerSecurity,
        },
      ],
      volumes: [{ name: 'run', persistentVolumeClaim: { claimName } }],
    }),
  };
}
