import { z } from 'zod';
import type { KubeObject } from '../operator/kube/client.ts';

const ruleSchema = z.object({
  action: z.enum(['FailJob', 'Ignore', 'Count', 'FailIndex']),
  onExitCodes: z
    .object({
      containerName: z.string().optional(),
      operator: z.enum(['In', 'NotIn']),
      values: z.array(z.number()),
    })
    .optional(),
  onPodConditions: z.array(z.object({ type: z.string(), status: z.string().default('True') })).optional(),
});

/** Of a Job's spec: what the operator's Jobs use. */
const jobSpecSchema = z.object({
  backoffLimit: z.number().default(6),
  suspend: z.boolean().default(false),
  completions: z.number().default(1),
  parallelism: z.number().default(1),
  completionMode: z.enum(['NonIndexed', 'Indexed']).default('NonIndexed'),
  activeDeadlineSeconds: z.number().optional(),
  podFailurePolicy: z.object({ rules: z.array(ruleSchema) }).default({ rules: [] }),
  template: z.looseObject({
    metadata: z
      .looseObject({
        labels: z.record(z.string(), z.string()).default({}),
        annotations: z.record(z.string(), z.string()).default({}),
      })
      .prefault({}),
    spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
  }),
});
export type JobSpec = z.output<typeof jobSpecSchema>;

const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string(),
});
export type JobCondition = z.output<typeof conditionSchema>;

const jobStatusSchema = z.object({
  startTime: z.string().optional(),
  completionTime: z.string().optional(),
  /** Pods that wait or run, those that are being ended apart. */
  active: z.number().default(0),
  terminating: z.number().default(0),
  succeeded: z.number().default(0),
  failed: z.number().default(0),
  conditions: z.array(conditionSchema).default([]),
});
export type JobStatus = z.output<typeof jobStatusSchema>;

const podStatusSchema = z.object({
  phase: z.string().default('Pending'),
  conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  containerStatuses: z
    .array(
      z.object({
        name: z.string(),
        state: z.object({
          terminated: z.object({ exitCode: z.number(), finishedAt: z.string().optional() }).optional(),
        }),
      }),
    )
    .default([]),
});

export interface JobView {
  name: string;
  namespace: string;
  spec: JobSpec;
  status: JobStatus;
}

export interface PodView {
  name: string;
  /** Completion index; 0 where the Job is not indexed. */
  index: number;
  /** It waits or runs. */
  working: boolean;
  deleting: boolean;
  succeeded: boolean;
  failed: boolean;
  conditions: { type: string; status: string }[];
  /** Its first container that ended. */
  ended: { container: string; exitCode: number; at: number } | undefined;
}

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export function viewJob({ metadata, spec, status }: KubeObject): JobView {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    spec: jobSpecSchema.parse(spec),
    status: jobStatusSchema.parse(status ?? {}),
  };
}

export function viewPod({ metadata, status }: KubeObject): PodView {
  const { phase, conditions, containerStatuses } = podStatusSchema.parse(status ?? {});
  const ended = containerStatuses.flatMap(({ name, state: { terminated } }) =>
    terminated === undefined
      ? []
      : [{ container: name, exitCode: terminated.exitCode, at: Date.parse(terminated.finishedAt ?? '') || 0 }],
  )[0];
  return {
    name: metadata.name,
    index: Number(metadata.annotations?.[indexAnnotation] ?? 0),
    working: phase === 'Pending' || phase === 'Running',
    deleting: metadata.deletionTimestamp !== undefined,
    succeeded: phase === 'Succeeded',
    failed: phase === 'Failed',
    conditions,
    ended,
  };
}

export const isFinished = ({ status: { conditions } }: JobView): boolean =>
  conditions.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');

/** Whether it will fail as soon as its last pod has ended. */
export const isFailing = ({ status: { conditions } }: JobView): boolean =>
  conditions.some(({ type, status }) => type === 'FailureTarget' && status === 'True');
