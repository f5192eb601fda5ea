import { DdrError } from '../../api/errors.ts';
import type { ApiClient } from '../../operator/kube/apiClient.ts';
import { ApiError, type KubeObject } from '../../operator/kube/client.ts';
import { backoff, type Clock, sleep } from '../../operator/kube/clock.ts';
import { observePod } from '../../operator/plan/observed.ts';
import { types } from '../../operator/types.ts';
import { type RunThere, requireWhole } from './claimStore.ts';
import { refused, untilRunning } from './podStart.ts';
import { readerContainer, readerLabel } from './readerPod.ts';

/** Tries of a command whose connection was lost. */
const tries = 6;

/** Milliseconds for taking a pod away once the work has ended, though it was interrupted. */
const cleanUp = 10_000;

export interface ReaderContext {
  client: Pick<ApiClient, 'get' | 'list' | 'create' | 'delete' | 'exec'>;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  /** Told what a person should know meanwhile. */
  note: (text: string) => void;
}

const hasEnded = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(observePod(pod).phase);

/** A pod with a claim, made when it is first needed, made anew where it has gone, and deleted in the end. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #podOf: () => KubeObject;
  readonly #made: KubeObject['metadata'][] = [];
  #pod: Promise<KubeObject> | undefined;

  /** @param podOf the pod to make: one of another name each time */
  constructor(context: ReaderContext, podOf: () => KubeObject) {
    this.#context = context;
    this.#podOf = podOf;
  }

  /** Runs a command in the pod. @throws DdrError PodNotStarted, AccessDenied, ClusterUnavailable; what aborted the signal */
  readonly run: RunThere = async (command, most) => {
    const { client, clock, random, signal } = this.#context;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      this.#pod ??= this.#start();
      const used = this.#pod;
      const { metadata } = await used;
      const { namespace = '', name: pod } = metadata;
      try {
        const where = { namespace, pod, container: readerContainer };
        const ended = await client.exec(where, command, { signal, most: most + 4096 });
        requireWhole(ended);
        return ended;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt + 1 >= tries) throw lost(error, `pod ${namespace}/${pod}`);
        if (error instanceof ApiError && [401, 403].includes(error.status)) throw denied(error, namespace);
        await sleep(clock, backoff(attempt, 500, 10_000, random), signal);
        const found = await client.get(types.pod, namespace, pod);
        const isGone = found === undefined || found.metadata.deletionTimestamp !== undefined || hasEnded(found);
        if (isGone && this.#pod === used) this.#pod = undefined;
      }
    }
  };

  /** Deletes what was made, whether or not the signal was aborted. */
  async close(): Promise<void> {
    const { client, clock, note } = this.#context;
    await this.#pod?.catch(() => {});
    const inTime = new AbortController();
    for (const { namespace = '', name } of this.#made) {
      const deleted = client.delete(types.pod, namespace, name).then(
        () => true,
        () => false,
      );
      const late = sleep(clock, cleanUp, inTime.signal).then(() => false);
      if (!(await Promise.race([deleted, late])))
        note(`pod ${namespace}/${name} could not be deleted; it ends by itself within the hour`);
    }
    inTime.abort();
  }

  async #start(): Promise<KubeObject> {
    const { client } = this.#context;
    const wanted = this.#podOf();
    const { namespace = '' } = wanted.metadata;
    await this.#removeEnded(wanted);
    this.#made.push(wanted.metadata); // it may be made though the answer is lost
    const pod = await client
      .create(types.pod, wanted, { strict: true })
      .catch((error: unknown) => refused(error, namespace));
    await untilRunning(pod, this.#context);
    return pod;
  }

  /** Readers of the same run that were killed before they could clean up, and have ended since. */
  async #removeEnded({ metadata: { namespace = '', labels = {} } }: KubeObject): Promise<void> {
    const { client } = this.#context;
    const labelSelector = `${readerLabel}=${labels[readerLabel]}`;
    const { items } = await client.list(types.pod, { namespace, labelSelector });
    for (const pod of items.filter(hasEnded))
      await client.delete(types.pod, namespace, pod.metadata.name, pod.metadata.uid).catch(() => {});
  }
}

const denied = (cause: ApiError, namespace: string): DdrError =>
  new DdrError('AccessDenied', cause.message, { where: `namespace ${namespace}`, cause });

const lost = (cause: unknown, where: string): DdrError =>
  new DdrError(
    'ClusterUnavailable',
    `reading failed ${tries} times: ${cause instanceof Error ? cause.message : cause}`,
    {
      where,
      hint: 'The same command goes on where this one stopped.',
      cause,
    },
  );
