import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type KubeObject, keyOf, type ResourceType } from '../operator/kube/client.ts';
import { History, type Listener, type ObjectChange } from './history.ts';
import { applyFields, type Claims, loseChanged } from './serverSideApply.ts';

/** Changes of one type that a late watcher can still be told. */
const historyLength = 2000;

/** An object with what only this store looks at. */
export type Stored = KubeObject & { metadata: KubeObject['metadata'] & { finalizers?: string[] | undefined } };

interface Collection {
  type: ResourceType;
  objects: Map<string, Stored>;
  history: History;
}

const owns = (owner: KubeObject, { metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

/**
 * The objects of a cluster that lives in this process, with what controllers rely on: versions, generations, preconditions,
 * finalizers, and garbage collection by owner. Objects are never changed in place.
 */
export class Objects {
  readonly #collections = new Map<string, Collection>();
  /** By uid: who applied what. */
  readonly #managers = new Map<string, Map<string, Claims>>();
  readonly #now: () => number;
  #version = 1;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The version of the newest change. */
  get version(): string {
    return String(this.#version);
  }

  list(type: ResourceType): Stored[] {
    return [...this.#collection(type).objects.values()];
  }

  get(type: ResourceType, key: string): Stored | undefined {
    return this.#collection(type).objects.get(key);
  }

  /** Objects of a type that name this uid as an owner. */
  ownedBy(type: ResourceType, uid: string): Stored[] {
    return this.list(type).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  }

  /** Tells of every change from now on. @returns a function that ends it */
  subscribe(type: ResourceType, listener: Listener): () => void {
    return this.#collection(type).history.subscribe(listener);
  }

  /** Changes after a version. @throws ApiError 410 where they are not known any more */
  since(type: ResourceType, version: string): ObjectChange[] {
    return this.#collection(type).history.since(Number(version));
  }

  /** @throws ApiError 409 AlreadyExists */
  create(type: ResourceType, object: Stored): Stored {
    const key = keyOf(object);
    if (this.get(type, key) !== undefined)
      throw new ApiError(409, 'AlreadyExists', `${type.plural} "${key}" already exists`);
    const metadata = { ...object.metadata, uid: randomUUID(), generation: 1, creationTimestamp: this.#time() };
    return this.#put(type, { ...object, metadata }, undefined);
  }

  /** Replaces an object, its status included. @throws ApiError 404, 409 where it is not at the given version or uid */
  replace(type: ResourceType, object: Stored): Stored {
    const { uid, resourceVersion } = object.metadata;
    const current = this.#current(type, object, uid);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw new ApiError(409, 'Conflict', `${type.plural} "${keyOf(object)}" has been modified`);
    }
    const next = this.#update(type, current, object);
    loseChanged(this.#managers.get(next.metadata.uid ?? '')?.values() ?? [], current, next);
    return next;
  }

  /**
   * Server-side apply with force; creates the object where it is not there and the patch names no uid.
   * @throws ApiError 404 for a status of nothing, 409 where the object of this uid has gone, 422 where another is in its place
   */
  apply(type: ResourceType, patch: KubeObject, fieldManager: string, subresource?: 'status'): Stored {
    const { status, ...rest } = patch;
    const manager = `${fieldManager}/${subresource ?? ''}`;
    const wanted = subresource === 'status' ? { status } : rest;
    const current = this.get(type, keyOf(patch));
    if (current === undefined) {
      if (subresource !== undefined) throw notFound(type, patch);
      if (patch.metadata.uid !== undefined)
        throw new ApiError(409, 'Conflict', `${type.plural} "${keyOf(patch)}" of uid ${patch.metadata.uid} has gone`);
      const managers = new Map<string, Claims>();
      const created = this.create(type, applyFields(identityOf(patch), wanted, manager, managers));
      this.#managers.set(created.metadata.uid ?? '', managers);
      return created;
    }
    if (patch.metadata.uid !== undefined && patch.metadata.uid !== current.metadata.uid)
      throw new ApiError(422, 'Invalid', `metadata.uid of ${type.plural} "${keyOf(patch)}" is immutable`);
    const managers = this.#managers.get(current.metadata.uid ?? '') ?? new Map<string, Claims>();
    this.#managers.set(current.metadata.uid ?? '', managers);
    return this.#update(type, current, applyFields(current, wanted, manager, managers));
  }

  /** Deletes an object and all it owns, what is owned first. @returns false where there is none of this name and uid */
  delete(type: ResourceType, key: string, uid?: string): boolean {
    const current = this.get(type, key);
    if (current === undefined || (uid !== undefined && current.metadata.uid !== uid)) return false;
    if (current.metadata.deletionTimestamp === undefined) {
      this.#put(type, { ...current, metadata: { ...current.metadata, deletionTimestamp: this.#time() } }, current);
    }
    for (const [dependentType, dependent] of this.#related((other) => owns(current, other)))
      this.delete(dependentType, keyOf(dependent));
    this.#collect(type, key);
    return true;
  }

  /** Removes an object that is being deleted, once no finalizer and no dependent holds it; then looks at its owners. */
  #collect(type: ResourceType, key: string): void {
    const current = this.get(type, key);
    if (current?.metadata.deletionTimestamp === undefined || (current.metadata.finalizers ?? []).length > 0) return;
    if (this.#related((other) => owns(current, other)).length > 0) return;
    const { objects, history } = this.#collection(type);
    objects.delete(key);
    this.#managers.delete(current.metadata.uid ?? '');
    const last = { ...current, metadata: { ...current.metadata, resourceVersion: String(++this.#version) } };
    history.add(this.#version, { type: 'DELETED', object: last, before: current });
    for (const [ownerType, owner] of this.#related((other) => owns(other, current)))
      this.#collect(ownerType, keyOf(owner));
  }

  #related(matches: (object: Stored) => boolean): [ResourceType, Stored][] {
    return [...this.#collections.values()].flatMap(({ type, objects }) =>
      [...objects.values()].filter(matches).map((object): [ResourceType, Stored] => [type, object]),
    );
  }

  #current(type: ResourceType, object: KubeObject, uid: string | undefined): Stored {
    const current = this.get(type, keyOf(object));
    if (current === undefined) throw notFound(type, object);
    if (uid !== undefined && uid !== current.metadata.uid)
      throw new ApiError(409, 'Conflict', `the uid of ${type.plural} "${keyOf(object)}" is another`);
    return current;
  }

  /** What the server decides stays as it is, whatever the writer says. */
  #update(type: ResourceType, current: Stored, next: Stored): Stored {
    const { uid, creationTimestamp, deletionTimestamp, resourceVersion, generation = 1 } = current.metadata;
    const same = isDeepStrictEqual(next.spec, current.spec);
    const metadata = {
      ...next.metadata,
      uid,
      creationTimestamp,
      resourceVersion,
      generation: same ? generation : generation + 1,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    };
    const object = { ...next, metadata };
    if (isDeepStrictEqual(object, current)) return current;
    const written = this.#put(type, object, current);
    this.#collect(type, keyOf(object)); // its last finalizer may just have gone
    return written;
  }

  #put(type: ResourceType, object: Stored, before: Stored | undefined): Stored {
    const { objects, history } = this.#collection(type);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    objects.set(keyOf(stored), stored);
    history.add(this.#version, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored, before });
    return stored;
  }

  #collection(type: ResourceType): Collection {
    const id = `${type.group}/${type.plural}`;
    const known = this.#collections.get(id) ?? { type, objects: new Map(), history: new History(historyLength) };
    this.#collections.set(id, known);
    return known;
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

const notFound = ({ plural }: ResourceType, object: KubeObject) =>
  new ApiError(404, 'NotFound', `${plural} "${keyOf(object)}" not found`);

const identityOf = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});
