import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { backoff, type Clock } from '../operator/kube/clock.ts';
import { type KubeObject, keyOf } from '../operator/kube/cluster.ts';
import { types } from '../operator/types.ts';
import type { Objects } from './objects.ts';
import { processFinalizer } from './processRunner.ts';

/** Of a Job: what the operator's Jobs use. */
const jobSchema = z.object({
  backoffLimit: z.number().default(6),
  suspend: z.boolean().default(false),
  completions: z.number().default(1),
  parallelism: z.number().default(1),
  completionMode: z.enum(['NonIndexed', 'Indexed']).default('NonIndexed'),
  activeDeadlineSeconds: z.number().optional(),
  podFailurePolicy: z
    .object({
      rules: z.array(
        z.object({
          action: z.enum(['FailJob', 'Ignore', 'Count', 'FailIndex']),
          onExitCodes: z.object({ operator: z.enum(['In', 'NotIn']), values: z.array(z.number()) }).optional(),
        }),
      ),
    })
    .default({ rules: [] }),
  template: z.looseObject({
    metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.looseObject({}),
  }),
});
type JobSpec = z.output<typeof jobSchema>;

const podSchema = z.object({
  phase: z.string().default('Pending'),
  containerStatuses: z
    .array(z.object({ state: z.object({ terminated: z.object({ exitCode: z.number() }).optional() }) }))
    .default([]),
});

/** Milliseconds before a failed pod's successor; Kubernetes waits ten times as long. */
const firstDelay = 1000;
const longestDelay = 30_000;

export interface JobControllerOptions {
  objects: Objects;
  clock: Clock;
  random: () => number;
}

interface PodView {
  object: KubeObject;
  index: number;
  phase: string;
  exitCode: number | undefined;
}

const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

function viewPod(object: KubeObject): PodView {
  const { phase, containerStatuses } = podSchema.parse(object.status ?? {});
  return {
    object,
    index: Number(object.metadata.annotations?.[indexAnnotation] ?? 0),
    phase,
    exitCode: containerStatuses[0]?.state.terminated?.exitCode,
  };
}

/** What Kubernetes' pod failure policy says of a pod that ended with an exit code (KEP-3329). */
function actionFor({ podFailurePolicy }: JobSpec, exitCode: number | undefined): 'FailJob' | 'Ignore' | 'Count' {
  const rule = podFailurePolicy.rules.find(({ onExitCodes }) => {
    if (onExitCodes === undefined || exitCode === undefined || exitCode === 0) return false;
    return onExitCodes.values.includes(exitCode) === (onExitCodes.operator === 'In');
  });
  return rule === undefined || rule.action === 'FailIndex' ? 'Count' : rule.action;
}

/**
 * What Kubernetes' Job controller does, for the fields that the operator uses: pods from the template, Indexed completion,
 * backoffLimit, podFailurePolicy, podReplacementPolicy Failed, suspend, activeDeadlineSeconds.
 */
export class JobController {
  readonly #options: JobControllerOptions;
  readonly #timers = new Map<string, () => void>();
  #end: (() => void)[] = [];

  constructor(options: JobControllerOptions) {
    this.#options = options;
  }

  start(): void {
    const { objects } = this.#options;
    const later = (key: string) => queueMicrotask(() => this.#sync(key));
    this.#end = [
      objects.subscribe(types.job, ({ object }) => later(keyOf(object))),
      objects.subscribe(types.pod, ({ object }) => {
        const owner = object.metadata.ownerReferences?.[0];
        if (owner !== undefined) later(`${object.metadata.namespace}/${owner.name}`);
      }),
    ];
  }

  stop(): void {
    for (const end of this.#end) end();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #sync(key: string): void {
    const { objects, clock } = this.#options;
    const job = objects.get(types.job, key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined || isFinished(job)) return;
    const spec = jobSchema.parse(job.spec);
    const pods = objects.ownedBy(types.pod, job.metadata.uid ?? '').map(viewPod);
    const failed = pods
      .filter(({ phase }) => phase === 'Failed')
      .map((pod) => ({ ...pod, action: actionFor(spec, pod.exitCode) }));
    const counted = failed.filter(({ action }) => action === 'Count');
    const succeeded = new Set(pods.filter(({ phase }) => phase === 'Succeeded').map(({ index }) => index));
    const running = pods.filter(({ phase }) => phase === 'Pending' || phase === 'Running');
    const startTime =
      (job.status as { startTime?: string } | undefined)?.startTime ?? new Date(clock.now()).toISOString();
    const counts = {
      startTime,
      active: running.length,
      succeeded: succeeded.size,
      failed: counted.length + failed.filter(({ action }) => action === 'FailJob').length,
    };

    const fatal = failed.find(({ action }) => action === 'FailJob');
    const deadline =
      spec.activeDeadlineSeconds === undefined ? undefined : Date.parse(startTime) + spec.activeDeadlineSeconds * 1000;
    const fail = (reason: string, message: string) => this.#fail(job, running, counts, reason, message);
    if (fatal !== undefined) {
      fail(
        'PodFailurePolicy',
        `Container trainer for pod ${fatal.object.metadata.name} failed with exit code ${fatal.exitCode} matching FailJob rule`,
      );
    } else if (counted.length > spec.backoffLimit) {
      fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    } else if (deadline !== undefined && clock.now() >= deadline) {
      fail('DeadlineExceeded', 'Job was active longer than specified deadline');
    } else if (succeeded.size >= spec.completions) {
      this.#finish(job, counts, 'Complete', 'CompletionsReached', '');
    } else if (spec.suspend) {
      this.#deletePods(running);
      const suspended = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
      this.#setStatus(job, { ...counts, startTime: undefined, conditions: [suspended] });
    } else {
      if (deadline !== undefined) this.#wake(`${key} deadline`, key, deadline - clock.now());
      this.#setStatus(job, { ...counts, conditions: [] });
      this.#createPods(job, spec, running, succeeded, counted.length, key);
    }
  }

  /** Creates missing pods, after a growing delay where pods have failed before. */
  #createPods(
    job: KubeObject,
    spec: JobSpec,
    running: readonly PodView[],
    succeeded: ReadonlySet<number>,
    failures: number,
    key: string,
  ): void {
    const { clock, random } = this.#options;
    const busy = new Set(running.map(({ index }) => index));
    const missing = Array.from({ length: spec.completions }, (_, index) => index).filter(
      (index) => !succeeded.has(index) && !busy.has(index),
    );
    const wanted = missing.slice(0, Math.max(0, spec.parallelism - running.length));
    if (wanted.length === 0) return;
    const last = Math.max(0, ...this.#options.objects.ownedBy(types.pod, job.metadata.uid ?? '').map(endOf));
    const due = failures === 0 ? 0 : last + backoff(failures - 1, firstDelay, longestDelay, random);
    if (due > clock.now()) this.#wake(`${key} retry`, key, due - clock.now());
    else for (const index of wanted) this.#createPod(job, spec, index);
  }

  #createPod(job: KubeObject, { template, completionMode }: JobSpec, index: number): void {
    const { name, namespace, uid = '' } = job.metadata;
    const indexed = completionMode === 'Indexed';
    const containers = (template.spec.containers ?? []) as { env?: object[] }[];
    const withIndex = containers.map((container) => ({
      ...container,
      env: [...(container.env ?? []), { name: 'JOB_COMPLETION_INDEX', value: String(index) }],
    }));
    const metadata = {
      name: `${name}-${indexed ? `${index}-` : ''}${randomBytes(3).toString('hex').slice(0, 5)}`,
      namespace,
      labels: { ...template.metadata.labels, 'batch.kubernetes.io/job-name': name },
      annotations: indexed ? { [indexAnnotation]: String(index) } : {},
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
      finalizers: [processFinalizer],
    };
    const spec = { ...template.spec, ...(indexed ? { containers: withIndex } : {}) };
    this.#options.objects.create(types.pod, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec,
      status: { phase: 'Pending' },
    });
  }

  #deletePods(pods: readonly PodView[]): void {
    for (const { object } of pods)
      if (object.metadata.deletionTimestamp === undefined) this.#options.objects.delete(types.pod, keyOf(object));
  }

  #fail(job: KubeObject, running: readonly PodView[], counts: object, reason: string, message: string): void {
    this.#deletePods(running);
    this.#finish(job, { ...counts, active: 0 }, 'Failed', reason, message);
  }

  #finish(job: KubeObject, counts: object, type: 'Complete' | 'Failed', reason: string, message: string): void {
    const lastTransitionTime = new Date(this.#options.clock.now()).toISOString();
    this.#setStatus(job, { ...counts, conditions: [{ type, status: 'True', reason, message, lastTransitionTime }] });
  }

  #setStatus(job: KubeObject, status: object): void {
    this.#options.objects.replace(types.job, { ...job, status });
  }

  #wake(timer: string, key: string, milliseconds: number): void {
    this.#timers.get(timer)?.();
    this.#timers.set(
      timer,
      this.#options.clock.after(milliseconds, () => this.#sync(key)),
    );
  }
}

function isFinished({ status }: KubeObject): boolean {
  const conditions = (status as { conditions?: { type: string }[] } | undefined)?.conditions ?? [];
  return conditions.some(({ type }) => type === 'Complete' || type === 'Failed');
}

function endOf({ status }: KubeObject): number {
  const ended = (status as { containerStatuses?: { state?: { terminated?: { finishedAt?: string } } }[] } | undefined)
    ?.containerStatuses?.[0]?.state?.terminated?.finishedAt;
  return ended === undefined ? 0 : Date.parse(ended);
}
