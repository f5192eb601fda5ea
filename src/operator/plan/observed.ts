import { z } from 'zod';
import { containerName } from '../../api/names.ts';
import type { Progress } from '../../api/progress.ts';
import type { KubeObject } from '../kube/client.ts';
import { keepOfJob, keepOfPod } from './kept.ts';
import { once } from './once.ts';

/** Only what the plan reads, parsed leniently: a cluster may be newer than we are. */
const metadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().default(''),
  resourceVersion: z.string().optional(),
  ownerReferences: z.array(z.looseObject({})).optional(),
  labels: z.record(z.string(), z.string()).default({}),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
});
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: z.string().optional(),
});

const jobSchema = z.object({
  metadata: metadata.extend({
    managedFields: z.array(z.object({ subresource: z.string(), time: z.string().default('') })).default([]),
  }),
  spec: z.object({ suspend: z.boolean().default(false) }).default({ suspend: false }),
  status: z
    .object({
      active: z.number().default(0),
      failed: z.number().default(0),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});

const terminated = z.object({
  exitCode: z.number().default(0),
  reason: z.string().default(''),
  message: z.string().optional(),
});
const containerStatus = z.object({
  name: z.string().default(''),
  state: z
    .object({
      waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
      terminated: terminated.optional(),
    })
    .prefault({}),
});
const podSchema = z.object({
  metadata,
  spec: z
    .object({
      containers: z
        .array(
          z.object({
            ports: z.array(z.object({ name: z.string().optional(), containerPort: z.number() })).default([]),
          }),
        )
        .default([]),
    })
    .prefault({}),
  status: z
    .object({
      phase: z.string().default('Pending'),
      podIP: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z.array(condition).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});

export interface ObservedJob {
  name: string;
  uid: string;
  labels: Record<string, string>;
  deleting: boolean;
  suspended: boolean;
  /** Pods that run or wait. */
  active: number;
  /** Pods that failed and were counted. */
  failed: number;
  /** How it ended, if it did, and when. */
  finished: 'Complete' | 'Failed' | undefined;
  finishedAt: string | undefined;
  /** When the Job controller last said anything of it, if it says that no pod is at work or waits. */
  idleSince: string | undefined;
  reason: string;
  message: string;
}

export interface ObservedPod {
  name: string;
  uid: string;
  /** Name of its Job. */
  job: string;
  labels: Record<string, string>;
  createdAt: string;
  phase: string;
  deleting: boolean;
  ip: string | undefined;
  /** Of the port named http. */
  port: number | undefined;
  terminated: { exitCode: number; reason: string; message: string | undefined } | undefined;
  /** It was evicted, preempted or deleted: its end is nobody's fault. */
  disrupted: boolean;
  /** Why it cannot start: unschedulable, image not found, … */
  blocked: { reason: string; message: string } | undefined;
}

export interface ObservedClaim {
  name: string;
  uid: string;
  deleting: boolean;
  /** Whether it goes with the run. */
  owned: boolean;
  /** Whether it is of one model, whether or not the run wants that any more. */
  ofModel: boolean;
}

/** What there is of a run's children. */
export interface Observed {
  jobs: readonly ObservedJob[];
  pods: readonly ObservedPod[];
  claims: readonly ObservedClaim[];
  /** By name of the pod: what it answered last. */
  progress: ReadonlyMap<string, Progress>;
}

function parseJob(object: KubeObject): ObservedJob {
  const { metadata, spec, status } = jobSchema.parse(keepOfJob(object));
  const end = status.conditions.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  // One that was told to go on is idle until its controller has seen that.
  const isIdle =
    status.active === 0 && !status.conditions.some(({ type, status }) => type === 'Suspended' && status === 'True');
  const written = metadata.managedFields
    .map(({ time }) => time)
    .sort()
    .at(-1);
  return {
    name: metadata.name,
    uid: metadata.uid,
    labels: metadata.labels,
    deleting: metadata.deletionTimestamp !== undefined,
    suspended: spec.suspend,
    idleSince: isIdle ? written : undefined,
    active: status.active,
    failed: status.failed,
    finished: end?.type as 'Complete' | 'Failed' | undefined,
    finishedAt: end?.lastTransitionTime,
    reason: end?.reason ?? '',
    message: end?.message ?? '',
  };
}

/** Reasons for which a container waits in the normal course of things. */
const normalWaits = ['', 'ContainerCreating', 'PodInitializing'];

/** The kubelet flips between two names for an image that it cannot get; one is news, two would be a stream of it. */
const settledReason = (reason: string) => (reason === 'ErrImagePull' ? 'ImagePullBackOff' : reason);

function parsePod(object: KubeObject): ObservedPod {
  const { metadata, spec, status } = podSchema.parse(keepOfPod(object));
  // Users, and webhooks, add containers of their own; the kubelet lists them by name.
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  const trainer = status.containerStatuses.find(({ name }) => name === containerName);
  const unscheduled = status.conditions.find(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  );
  const waiting = containers
    .flatMap(({ state }) => state.waiting ?? [])
    .find(({ reason }) => !normalWaits.includes(reason));
  const stuck = waiting && { reason: settledReason(waiting.reason), message: waiting.message };
  const ended = trainer?.state.terminated;
  return {
    name: metadata.name,
    uid: metadata.uid,
    job: metadata.labels['batch.kubernetes.io/job-name'] ?? '',
    labels: metadata.labels,
    createdAt: metadata.creationTimestamp ?? '',
    phase: status.phase,
    deleting: metadata.deletionTimestamp !== undefined,
    ip: status.podIP,
    port: spec.containers.flatMap(({ ports }) => ports).find(({ name }) => name === 'http')?.containerPort,
    terminated:
      ended !== undefined
        ? { exitCode: ended.exitCode, reason: ended.reason, message: ended.message }
        : status.phase === 'Failed'
          ? { exitCode: -1, reason: status.reason ?? 'Failed', message: status.message } // evicted before it had a container
          : undefined,
    disrupted: status.conditions.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True'),
    blocked: unscheduled === undefined ? stuck : { reason: 'Unschedulable', message: unscheduled.message },
  };
}

/** A Job and a pod as the plan sees them. Objects are never changed in place, so that each is read once. */
export const observeJob = once(parseJob);
export const observePod = once(parsePod);
