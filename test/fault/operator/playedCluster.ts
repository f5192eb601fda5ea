import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../../src/api/names.ts';
import type { ApiClient } from '../../../src/operator/kube/apiClient.ts';
import {
  isApiError,
  type KubeObject,
  keyOf,
  type ObjectMeta,
  type ResourceType,
} from '../../../src/operator/kube/client.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import { Reflector } from '../../../src/operator/kube/reflector.ts';
import { types } from '../../../src/operator/types.ts';
import { endJob, resultOf } from '../../helpers/endedJob.ts';
import { silent } from '../../helpers/manualClock.ts';
import { chance } from './faultPlan.ts';

/** What becomes of a Job; one that is held goes on later. */
export type Verdict = 'succeeds' | 'fails' | 'held';

export const endOf = ({ status }: KubeObject): string | undefined =>
  ((status ?? {}) as { conditions?: { type: string; status: string }[] }).conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )?.type;

const isSuspended = ({ spec }: KubeObject): boolean => (spec as { suspend?: boolean }).suspend === true;

/**
 * Job controller, kubelet and garbage collector of a cluster that has only an API server: every Job ends after a little while
 * as a test says, and what is deleted goes. Keeps the history of all Jobs.
 */
export class PlayedCluster {
  readonly #client: ApiClient;
  readonly #judge: (job: KubeObject) => Verdict;
  readonly #jobs: Reflector;
  readonly #busy = new Set<string>();
  #stopped = false;
  /** Uids that Jobs of a key have had. */
  readonly created = new Map<string, Set<string>>();
  /** Jobs that made the same at once. */
  readonly doubled: string[] = [];

  constructor(client: ApiClient, judge: (job: KubeObject) => Verdict) {
    this.#client = client;
    this.#judge = judge;
    this.#jobs = new Reflector({
      client,
      type: types.job,
      clock: systemClock,
      random: Math.random,
      logger: silent,
      onChange: (job) => this.#see(job),
    });
  }

  async start(): Promise<void> {
    this.#jobs.start();
    await this.#jobs.synced;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#jobs.stop();
    while (this.#busy.size > 0) await wait(20);
  }

  /** Jobs of a namespace, as they are now. */
  jobsOf(namespace: string): KubeObject[] {
    return [...this.#jobs.store.all()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  #see(job: KubeObject): void {
    const key = keyOf(job);
    const { uid = '' } = job.metadata;
    this.created.set(key, (this.created.get(key) ?? new Set()).add(uid));
    this.#noteDoubled(job);
    if (this.#busy.has(uid)) return;
    this.#busy.add(uid);
    void this.#play(key, uid).finally(() => this.#busy.delete(uid));
  }

  /** Whether two Jobs of a run make the same at once, by their labels. */
  #noteDoubled(job: KubeObject): void {
    const of = ({ metadata: { namespace, labels: own = {} } }: KubeObject) =>
      [namespace, own[labels.run], own[labels.component], own[labels.model], own[labels.hash]].join(' ');
    const same = [...this.#jobs.store.all()].filter((each) => of(each) === of(job) && endOf(each) === undefined);
    if (same.length > 1) this.doubled.push(of(job));
  }

  /** Plays one Job to its end, or until it has gone. */
  async #play(key: string, uid: string): Promise<void> {
    await wait(100 + 400 * chance('lasts', uid));
    while (!this.#stopped) {
      const job = this.#jobs.store.get(key);
      if (job === undefined || job.metadata.uid !== uid) return;
      try {
        if (job.metadata.deletionTimestamp !== undefined) return await this.#collect(job);
        if (endOf(job) !== undefined) return;
        const verdict = isSuspended(job) ? 'held' : this.#judge(job);
        if (verdict !== 'held') await endJob(this.#client, job, verdict === 'succeeds' ? resultOf(job) : undefined);
      } catch {
        // Suspended or deleted meanwhile, or the server is away: it is looked at again.
      }
      await wait(200);
    }
  }

  /** What is being deleted waits for what it owns, and for nothing else here. */
  async #collect(job: KubeObject): Promise<void> {
    const { namespace = '', name } = job.metadata;
    const labelSelector = `batch.kubernetes.io/job-name=${name}`;
    for (const { metadata } of (await this.#client.list(types.pod, { namespace, labelSelector })).items)
      await this.#remove(types.pod, metadata);
    await this.#remove(types.job, job.metadata);
  }

  async #remove(type: ResourceType, { namespace = '', name, uid }: ObjectMeta): Promise<void> {
    await this.#client.delete(type, namespace, name, uid);
    for (;;) {
      const object = await this.#client.get(type, namespace, name);
      if (object === undefined || object.metadata.uid !== uid) return;
      try {
        const metadata = { ...object.metadata, finalizers: [] } as ObjectMeta;
        await this.#client.replace(type, { ...object, metadata });
      } catch (error) {
        if (!isApiError(error, 409) && !isApiError(error, 404)) throw error;
      }
    }
  }
}
