import { managedBy } from '../../api/names.ts';
import { type Cluster, controllerOf, isApiError, type KubeObject } from '../kube/cluster.ts';
import type { Changes } from '../plan/changes.ts';
import { typeOf, types } from '../types.ts';

/** Owner of `spec.suspend` of Jobs, apart from that of what else is written, since a Job's template cannot change. */
const suspendManager = `${managedBy}-suspend`;
/** Children that are written at once for one run. */
const concurrency = 16;

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
   * Carries out all changes that can be.
   * @throws the first refusal; what was sent with it is still carried out
   */
  async apply(namespace: string, { create, suspend, remove }: Changes): Promise<void> {
    const work = [
      ...remove.map(
        ({ name, uid }) =>
          () =>
            this.#cluster.delete(types.job, namespace, name, uid),
      ),
      ...suspend.map((change) => () => this.#suspend(namespace, change)),
      ...create.map((object) => () => this.#create(object)),
    ];
    for (let from = 0; from < work.length; from += concurrency)
      await Promise.all(work.slice(from, from + concurrency).map((write) => write()));
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
