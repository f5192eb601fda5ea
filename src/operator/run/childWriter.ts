import { labels, managedBy } from '../../api/names.ts';
import { ApiError, type Cluster, controllerOf, isApiError, type KubeObject } from '../kube/cluster.ts';
import { messageOf } from '../kube/logger.ts';
import type { Changes } from '../plan/changes.ts';
import { isClaimOf, type Reowning } from '../plan/claim.ts';
import { typeOf, types } from '../types.ts';

/** Owner of `spec.suspend` of Jobs, apart from that of what else is written, since a Job's template cannot change. */
const suspendManager = `${managedBy}-suspend`;
/** Children that are written at once for one run. */
const concurrency = 16;

/** An object that is not the run's has the name of one of its children. */
class NameTaken extends Error {}

/** Answers that ask to come again, or that only the state of the moment explains. */
const passing = [408, 409, 429, 502, 503, 504];

/** Whether it is this child that was not taken: a field, a quota, a webhook. A server that is away has refused nothing. */
const isRefusal = (error: unknown): boolean =>
  error instanceof NameTaken || (error instanceof ApiError && !passing.includes(error.status));

/** Whether an object of a child's name is that child. A claim may have no owner: its labels say whose it is. */
function isOurs(there: KubeObject, wanted: KubeObject): boolean {
  const uid = controllerOf(wanted)?.uid;
  if (wanted.kind === types.claim.kind) return isClaimOf(there, wanted.metadata.labels?.[labels.run] ?? '', uid);
  return controllerOf(there)?.uid === uid;
}

/** What came of children that were to be written, by their names. */
export interface Outcome {
  taken: ReadonlySet<string>;
  /** With what was said of each. */
  refused: ReadonlyMap<string, string>;
}

/** Brings children about on a cluster. */
export class ChildWriter {
  readonly #cluster: Cluster;
  readonly #written: (child: KubeObject) => void;

  /** @param written is told of each child as the cluster has it now, so that the next look is not at an older state */
  constructor(cluster: Cluster, written: (child: KubeObject) => void) {
    this.#cluster = cluster;
    this.#written = written;
  }

  /**
   * Carries out all changes that can be. No Job is made without the claim that its pods write to.
   * @throws what is no refusal, such as a server that does not answer; what was sent with it is still carried out
   */
  async apply(namespace: string, { create, suspend, remove, reown }: Changes): Promise<Outcome> {
    const taken = new Set<string>();
    const refused = new Map<string, string>();
    const attempt = async (name: string, write: () => Promise<void>) => {
      try {
        await write();
        taken.add(name);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.set(name, messageOf(error));
      }
    };
    const tryToCreate = (object: KubeObject) => attempt(object.metadata.name, () => this.#create(object));
    const isJob = ({ kind }: KubeObject) => kind === types.job.kind;
    for (const object of create.filter((each) => !isJob(each))) await tryToCreate(object);
    const jobs = refused.size === 0 ? create.filter(isJob) : [];
    const work = [
      ...remove.map(
        ({ name, uid }) =>
          () =>
            this.#cluster.delete(types.job, namespace, name, uid),
      ),
      ...suspend.map((change) => () => this.#suspend(namespace, change)),
      ...reown.map((change) => () => attempt(change.name, () => this.#reown(namespace, change))),
      ...jobs.map((object) => () => tryToCreate(object)),
    ];
    for (let from = 0; from < work.length; from += concurrency)
      await Promise.all(work.slice(from, from + concurrency).map((write) => write()));
    return { taken, refused };
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

  /** Gives a claim other owners. One that was changed or replaced meanwhile is looked at again when the watch tells of it. */
  async #reown(namespace: string, { name, uid, owners }: Reowning): Promise<void> {
    const claim = await this.#cluster.get(types.claim, namespace, name);
    if (claim === undefined || claim.metadata.uid !== uid) return;
    const others = claim.metadata.ownerReferences?.filter(({ controller }) => controller !== true) ?? [];
    const metadata = { ...claim.metadata, ownerReferences: [...others, ...owners] };
    try {
      this.#written(await this.#cluster.replace(types.claim, { ...claim, metadata }));
    } catch (error) {
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
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
      this.#written(await this.#cluster.apply(types.job, object, { fieldManager: suspendManager }));
    } catch (error) {
      if (!isApiError(error, 404) && !isApiError(error, 409)) throw error;
    }
  }
}
