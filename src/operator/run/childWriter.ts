import { managedBy } from '../../api/names.ts';
import { type Client, isApiError, type KubeObject } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { messageOf } from '../kube/logger.ts';
import { type Changes, noChanges } from '../plan/changes.ts';
import type { Reowning } from '../plan/claim.ts';
import type { Cause } from '../plan/refused.ts';
import { typeOf, types } from '../types.ts';
import { causeOf, NameTaken } from './cause.ts';
import { claimsOf, isJob, isOurs, withoutTemplate } from './childObjects.ts';
import { type Batch, type Write, WritePool } from './writePool.ts';

/** Owner of `spec.suspend` of Jobs, apart from that of what else is written, since a Job's template cannot change. */
const suspendManager = `${managedBy}-suspend`;

/** What came of children that were to be written, by their names. */
export interface Outcome {
  taken: ReadonlySet<string>;
  /** With why. */
  refused: ReadonlyMap<string, Cause>;
}

/** What came of it since the last time. */
export interface Written extends Outcome {
  /** Whether nothing of the changes is left to send, and all have been answered. */
  done: boolean;
  /** Once done: all that has been changed since it was done before. */
  changes: Changes;
  /** Once done: what was no refusal, such as a server that did not answer. What was sent beside it is carried out. */
  failure: unknown;
}

/** The changes of a run from the first to the last one that is outstanding, which may take several looks. */
interface Round extends Batch {
  changes: Changes;
  taken: Set<string>;
  refused: Map<string, Cause>;
  failure: unknown;
}

const newRound = (): Round => ({
  sent: new Set(),
  busy: new Set(),
  changes: structuredClone(noChanges),
  taken: new Set(),
  refused: new Map(),
  failure: undefined,
});

/** Brings children about on a cluster. */
export class ChildWriter {
  readonly #client: Client;
  readonly #written: (child: KubeObject) => void;
  readonly #admit: ((job: KubeObject) => Promise<void>) | undefined;
  readonly #pool: WritePool;
  readonly #rounds = new Map<string, Round>();

  /**
   * @param written is told of each child as the cluster has it now, so that the next look is not at an older state
   * @param admit throws `PodsForbidden` of a Job that could have no pods
   */
  constructor(
    client: Client,
    clock: Clock,
    written: (child: KubeObject) => void,
    admit?: (job: KubeObject) => Promise<void>,
  ) {
    this.#client = client;
    this.#written = written;
    this.#admit = admit;
    this.#pool = new WritePool(clock);
  }

  /**
   * Carries out changes for a while; no Job is made without the claims that are to be made for its pods. If it is not done then, the
   * caller looks again and comes back with what is to be changed as things stand now.
   * @param key of the run, `namespace/name`
   */
  async apply(key: string, changes: Changes): Promise<Written> {
    const round = this.#rounds.get(key) ?? newRound();
    this.#rounds.set(key, round);
    if (changes.former.length > 0) round.changes.former = changes.former;
    round.changes.takenUp ??= changes.takenUp;
    const done = await this.#send(key, round, changes);
    const { taken, refused } = round;
    [round.taken, round.refused] = [new Set(), new Map()];
    if (!done) return { done, taken, refused, changes: noChanges, failure: undefined };
    this.#rounds.delete(key);
    return { done, taken, refused, changes: round.changes, failure: round.failure };
  }

  /** Resolves when nothing is under way any more. */
  settled(): Promise<void> {
    return this.#pool.settled();
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#rounds.delete(key);
  }

  async #send(key: string, round: Round, changes: Changes): Promise<boolean> {
    const { create } = changes;
    const creations = (objects: readonly KubeObject[]) =>
      objects.map(
        (object): Write => ({
          id: `create ${object.kind} ${object.metadata.name}`,
          send: this.#attempt(
            round,
            () => this.#create(object),
            ({ create }) => create.push(withoutTemplate(object)),
            object.metadata.name,
          ),
        }),
      );
    const claims = create.filter((object) => !isJob(object));
    if (claims.length > 0 && !(await this.#pool.send(round, creations(claims)))) return false;
    const missing = new Set(claims.map(({ metadata }) => metadata.name).filter((name) => !round.taken.has(name)));
    const jobs = create.filter((object) => isJob(object) && !claimsOf(object).some((name) => missing.has(name)));
    return this.#pool.send(round, [...this.#changesOf(key, round, changes), ...creations(jobs)]);
  }

  #changesOf(key: string, round: Round, { suspend, remove, discard, reown }: Changes): Write[] {
    const namespace = key.slice(0, key.indexOf('/'));
    const write = (id: string, ...attempt: [() => Promise<unknown>, (made: Changes) => unknown, string?]): Write => ({
      id,
      send: this.#attempt(round, ...attempt),
    });
    return [
      ...remove.map((job) =>
        write(
          `delete ${job.uid}`,
          () => this.#client.delete(types.job, namespace, job.name, job.uid),
          (made) => made.remove.push(job),
        ),
      ),
      ...discard.map((claim) =>
        write(
          `delete ${claim.uid}`,
          () => this.#client.delete(types.claim, namespace, claim.name, claim.uid),
          (made) => made.discard.push(claim),
          claim.name,
        ),
      ),
      ...suspend.map((change) =>
        write(
          `suspend ${change.uid} ${change.value}`,
          () => this.#suspend(namespace, change),
          (made) => made.suspend.push(change),
        ),
      ),
      ...reown.map((change) =>
        write(
          `reown ${change.uid} ${change.owners.length}`,
          () => this.#reown(namespace, change),
          (made) => made.reown.push(change),
          change.name,
        ),
      ),
    ];
  }

  /** Makes a change and notes what came of it. @param child of which a refusal is noted by its name */
  #attempt(round: Round, change: () => Promise<unknown>, made: (changes: Changes) => unknown, child?: string) {
    return async (): Promise<void> => {
      try {
        await change();
        made(round.changes);
        if (child !== undefined) round.taken.add(child);
      } catch (error) {
        const cause = child === undefined ? undefined : causeOf(error);
        if (child !== undefined && cause !== undefined) round.refused.set(child, cause);
        else round.failure ??= error;
      }
    };
  }

  /**
   * Creates a child. Its name follows from the spec, so that a second try, or a second operator, finds it there. An object
   * of this name that is somebody else's is left as it is: taking it over would delete it with the run.
   */
  async #create(object: KubeObject): Promise<void> {
    const type = typeOf(object.kind);
    const { namespace = '', name } = object.metadata;
    let child: KubeObject | undefined;
    if (this.#admit !== undefined && isJob(object)) await this.#admit(object);
    try {
      // Strict: a field of a user's template that the server does not know is refused, and not dropped.
      child = await this.#client.create(type, object, { fieldManager: managedBy, strict: true });
    } catch (error) {
      if (!isApiError(error, 409)) throw error;
      child = await this.#client.get(type, namespace, name).catch((reading: unknown) => {
        throw new Error(messageOf(reading), { cause: reading }); // who has it cannot be asked now: nothing is refused
      });
      if (child === undefined) throw error; // another conflict, as with a quota's, or it has gone meanwhile: try again
      if (!isOurs(child, object)) {
        // A run of this name that has just been deleted: no refusal, only a little early.
        if (child.metadata.deletionTimestamp !== undefined)
          throw new Error(
            `${object.kind} ${name} of another run is still being deleted; it is made anew when it has gone`,
          );
        throw new NameTaken(`${object.kind} ${name} belongs to somebody else; delete it, or give the run another name`);
      }
    }
    this.#written(child);
  }

  /** Gives a claim other owners. One that was replaced meanwhile is looked at again when the watch tells of it. */
  async #reown(namespace: string, { name, uid, owners }: Reowning): Promise<void> {
    const claim = await this.#client.get(types.claim, namespace, name);
    if (claim === undefined || claim.metadata.uid !== uid) return;
    const others = claim.metadata.ownerReferences?.filter(({ controller }) => controller !== true) ?? [];
    const metadata = { ...claim.metadata, ownerReferences: [...others, ...owners] };
    try {
      this.#written(await this.#client.replace(types.claim, { ...claim, metadata }));
    } catch (error) {
      if (!isApiError(error, 404)) throw error;
    }
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
      this.#written(await this.#client.apply(types.job, object, { fieldManager: suspendManager }));
    } catch (error) {
      if (isApiError(error, 404)) return;
      // A conflict says that it has gone, or only that somebody else has changed it at the same time.
      const hasGone = async () => (await this.#client.get(types.job, namespace, name))?.metadata.uid !== uid;
      if (!isApiError(error, 409) || !(await hasGone())) throw error;
    }
  }
}
