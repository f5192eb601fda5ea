import { managedBy } from '../../api/names.ts';
import { type Clock, sleep } from '../kube/clock.ts';
import { type Cluster, controllerOf, isApiError, type KubeObject } from '../kube/cluster.ts';
import type { Changes } from '../plan/changes.ts';
import { typeOf, types } from '../types.ts';

/** Owner of `spec.suspend` of Jobs, apart from that of what else is written, since a Job's template cannot change. */
const suspendManager = `${managedBy}-suspend`;
/** Children that are written at once for one run, and for all. */
const concurrency = 16;
const overallConcurrency = 64;
/** Milliseconds after which the run is looked at again, though there is more to write: its status is not to wait for that. */
const sliceMs = 200;

/** One change of a child. */
interface Write {
  /** Equal for what would be the same change again. */
  id: string;
  send: () => Promise<void>;
  /** Notes that it has been made. */
  made: (changes: Changes) => void;
}

const noChanges = (): Changes => ({ create: [], suspend: [], remove: [], former: [] });

/** The changes of a run from the first to the last one that is outstanding, which may take several looks. */
interface Round {
  /** Those that were sent; each once, so that one that is refused keeps no other waiting. */
  sent: Set<string>;
  /** Those under way. */
  busy: Set<Promise<void>>;
  made: Changes;
  refusal: unknown;
}

export interface Written {
  /** Whether nothing of the changes is left to send, and all have been answered. */
  done: boolean;
  /** Once done: what has been changed since the last time it was. */
  changes: Changes;
  /** The first refusal. What was sent beside it is still carried out. */
  refusal: unknown;
}

/** Brings children about on a cluster. */
export class ChildWriter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #written: (child: KubeObject) => void;
  readonly #rounds = new Map<string, Round>();
  /** Changes under way, of all runs. */
  readonly #busy = new Set<Promise<void>>();

  /** @param written is told of each child as the cluster has it now, so that the next look is not at an older state */
  constructor(cluster: Cluster, clock: Clock, written: (child: KubeObject) => void) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#written = written;
  }

  /**
   * Carries out changes for a while. If it is not done then, the caller looks again and comes back with what is to be
   * changed as things stand now; what is under way goes on meanwhile.
   * @param key of the run, `namespace/name`
   */
  async apply(key: string, changes: Changes): Promise<Written> {
    const round = this.#rounds.get(key) ?? { sent: new Set(), busy: new Set(), made: noChanges(), refusal: undefined };
    this.#rounds.set(key, round);
    if (changes.former.length > 0) round.made.former = changes.former;
    const writes = this.#writesOf(key, changes).filter(({ id }) => !round.sent.has(id));
    const done = await this.#send(round, writes);
    if (!done) return { done, changes: noChanges(), refusal: round.refusal };
    this.#rounds.delete(key);
    return { done, changes: round.made, refusal: round.refusal };
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy);
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#rounds.delete(key);
  }

  /** @returns whether all were sent and answered before the time was over */
  async #send(round: Round, writes: readonly Write[]): Promise<boolean> {
    const stop = new AbortController();
    let isOver = false;
    const over = sleep(this.#clock, sliceMs, stop.signal).then(() => {
      isOver = true;
    });
    const next = (busy: ReadonlySet<Promise<void>>) => Promise.race([over, ...busy]);
    const isFull = () => round.busy.size >= concurrency || this.#busy.size >= overallConcurrency;
    try {
      for (const write of writes) {
        while (isFull() && !isOver) await next(this.#busy);
        if (isOver) return false;
        this.#begin(round, write);
      }
      while (round.busy.size > 0 && !isOver) await next(round.busy);
      return round.busy.size === 0;
    } finally {
      stop.abort();
    }
  }

  #begin(round: Round, { id, send, made }: Write): void {
    round.sent.add(id);
    const work = send()
      .then(
        () => made(round.made),
        (error: unknown) => {
          round.refusal ??= error;
        },
      )
      .finally(() => {
        round.busy.delete(work);
        this.#busy.delete(work);
      });
    round.busy.add(work);
    this.#busy.add(work);
  }

  #writesOf(key: string, { create, suspend, remove }: Changes): Write[] {
    const namespace = key.slice(0, key.indexOf('/'));
    return [
      ...remove.map(
        (job): Write => ({
          id: `delete ${job.uid}`,
          send: async () => void (await this.#cluster.delete(types.job, namespace, job.name, job.uid)),
          made: (changes) => changes.remove.push(job),
        }),
      ),
      ...suspend.map(
        (change): Write => ({
          id: `suspend ${change.uid} ${change.value}`,
          send: () => this.#suspend(namespace, change),
          made: (changes) => changes.suspend.push(change),
        }),
      ),
      ...create.map(
        (object): Write => ({
          id: `create ${object.kind} ${object.metadata.name}`,
          send: () => this.#create(object),
          made: (changes) => changes.create.push(withoutTemplate(object)),
        }),
      ),
    ];
  }

  /**
   * Creates a child. Its name follows from the spec, so that a second try, or a second operator, finds it there. An object
   * of this name that is somebody else's is left as it is: taking it over would delete it with the run.
   */
  async #create(object: KubeObject): Promise<void> {
    const type = typeOf(object.kind);
    const { namespace = '', name } = object.metadata;
    let child: KubeObject | undefined;
    try {
      // Strict: a field of a user's template that the server does not know is refused, and not dropped.
      child = await this.#cluster.create(type, object, { fieldManager: managedBy, strict: true });
    } catch (error) {
      if (!isApiError(error, 409)) throw error;
      child = await this.#cluster.get(type, namespace, name);
      if (child === undefined) throw error; // another conflict, as with a quota's, or it has gone meanwhile: try again
      if (controllerOf(child)?.uid !== controllerOf(object)?.uid) {
        throw new Error(`${object.kind} ${name} belongs to somebody else; delete it, or give the run another name`);
      }
    }
    this.#written(child);
  }

  async #suspend(namespace: string, { name, uid, value }: Changes['suspend'][number]): Promise<void> {
    // The uid makes it fail, and not create anything, where the Job has gone meanwhile.
    const object = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace, uid },
      spec: { suspend: value },
    };
    try {
      this.#written(await this.#cluster.apply(types.job, object, { fieldManager: suspendManager }));
    } catch (error) {
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
    }
  }
}

/** What is said of a Job that was made: a thousand templates are not held for that. */
const withoutTemplate = (object: KubeObject): KubeObject => {
  const { apiVersion, kind, metadata } = object;
  return kind === types.job.kind ? { apiVersion, kind, metadata } : object;
};
