import { type KubeObject, keyOf } from '../operator/kube/client.ts';
import type { Clock } from '../operator/kube/clock.ts';
import { types } from '../operator/types.ts';
import { indexAnnotation, isFailing, isFinished, type JobSpec, viewJob, viewPod } from './jobObjects.ts';
import { decide } from './jobPolicy.ts';
import type { Objects } from './objects.ts';
import { processFinalizer } from './processRunner.ts';

export interface JobControllerOptions {
  objects: Objects;
  clock: Clock;
  random: () => number;
}

/** What Kubernetes' Job controller does: makes pods from Jobs, and keeps their status. {@link decide} says which and when. */
export class JobController {
  readonly #options: JobControllerOptions;
  /** By key of the Job: cancels its next look by the clock. */
  readonly #timers = new Map<string, () => void>();
  readonly #waiting = new Set<string>();
  /** By uid of a Job that is failing: pods that were ended for it and have gone. They count as failed like the others. */
  readonly #gone = new Map<string, KubeObject[]>();
  #end: (() => void)[] = [];

  constructor(options: JobControllerOptions) {
    this.#options = options;
  }

  start(): void {
    const { objects } = this.#options;
    this.#end = [
      objects.subscribe(types.job, ({ type, object }) => {
        if (type === 'DELETED') this.#gone.delete(object.metadata.uid ?? '');
        this.#later(keyOf(object));
      }),
      objects.subscribe(types.pod, ({ type, object }) => {
        const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === 'Job');
        if (owner === undefined) return;
        const key = `${object.metadata.namespace ?? ''}/${owner.name}`;
        if (type === 'DELETED') this.#remember(key, object);
        this.#later(key);
      }),
    ];
    for (const job of objects.list(types.job)) this.#later(keyOf(job));
  }

  stop(): void {
    for (const end of this.#end) end();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#waiting.clear();
  }

  #remember(key: string, pod: KubeObject): void {
    const job = this.#options.objects.get(types.job, key);
    if (job === undefined || !isFailing(viewJob(job)) || !viewPod(pod).failed) return;
    const uid = job.metadata.uid ?? '';
    this.#gone.set(uid, [...(this.#gone.get(uid) ?? []), pod]);
  }

  /** Looks at a Job when the change that is being announced is complete; once, however many changes there are. */
  #later(key: string): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    queueMicrotask(() => {
      if (this.#waiting.delete(key)) this.#sync(key);
    });
  }

  #sync(key: string): void {
    const { objects, clock } = this.#options;
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    const object = objects.get(types.job, key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const job = viewJob(object);
    if (isFinished(job)) return;
    const uid = object.metadata.uid ?? '';
    const pods = [...objects.ownedBy(types.pod, uid), ...(this.#gone.get(uid) ?? [])].map(viewPod);
    const { status, create, remove, lookAt } = decide(job, pods, clock.now());
    objects.replace(types.job, { ...object, status });
    for (const { name } of remove) objects.delete(types.pod, `${job.namespace}/${name}`);
    for (const index of create) objects.create(types.pod, this.#pod(object, job.spec, index));
    if (lookAt !== undefined) {
      this.#timers.set(
        key,
        clock.after(lookAt - clock.now(), () => this.#sync(key)),
      );
    }
  }

  #pod({ metadata }: KubeObject, { template, completionMode }: JobSpec, index: number) {
    const { name, namespace, uid = '' } = metadata;
    const { labels, annotations } = template.metadata;
    const indexed = completionMode === 'Indexed';
    const containers = template.spec.containers.map((container) => ({
      ...container,
      env: [...((container.env as object[] | undefined) ?? []), { name: 'JOB_COMPLETION_INDEX', value: String(index) }],
    }));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: this.#freeName(namespace ?? '', `${name}-${indexed ? `${index}-` : ''}`),
        namespace,
        labels: { ...labels, 'batch.kubernetes.io/job-name': name },
        annotations: { ...annotations, ...(indexed ? { [indexAnnotation]: String(index) } : {}) },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
        finalizers: [processFinalizer],
      },
      spec: { ...template.spec, ...(indexed ? { containers } : {}) },
      status: { phase: 'Pending' },
    };
  }

  /** A name that no pod has, with five letters and digits at its end as Kubernetes appends them. */
  #freeName(namespace: string, prefix: string): string {
    const { objects, random } = this.#options;
    for (let number = Math.floor(random() * 36 ** 5); ; number++) {
      const name = prefix + (number % 36 ** 5).toString(36).padStart(5, '0');
      if (objects.get(types.pod, `${namespace}/${name}`) === undefined) return name;
    }
  }
}
