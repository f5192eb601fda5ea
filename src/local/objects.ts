import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type KubeObject, keyOf, type ResourceType, type WatchEvent } from '../operator/kube/cluster.ts';

/** Changes of one type that a late watcher can still be told. */
const historyLength = 2000;

export type ObjectChange = Extract<WatchEvent, { object: KubeObject }>;
type Listener = (change: ObjectChange) => void;

type Stored = KubeObject & { metadata: KubeObject['metadata'] & { finalizers?: string[] } };

interface Collection {
  objects: Map<string, Stored>;
  history: { version: number; change: ObjectChange }[];
  listeners: Set<Listener>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps are merged, everything else is replaced: server-side apply for as few field managers as we have. */
function merge(base: unknown, patch: unknown): unknown {
  if (!isObject(base) || !isObject(patch)) return patch;
  const merged = { ...base };
  for (const [name, value] of Object.entries(patch)) merged[name] = merge(base[name], value);
  return merged;
}

/**
 * The objects of a cluster that lives in this process, with what controllers rely on: versions, generations, preconditions,
 * finalizers, and garbage collection by owner. Objects are never changed in place.
 */
export class Objects {
  readonly #collections = new Map<string, Collection>();
  readonly #now: () => number;
  #version = 1;

  constructor(now: () => number) {
    this.#now = now;
  }

  get version(): string {
    return String(this.#version);
  }

  list({ plural }: ResourceType): KubeObject[] {
    return [...this.#collection(plural).objects.values()];
  }

  get({ plural }: ResourceType, key: string): KubeObject | undefined {
    return this.#collection(plural).objects.get(key);
  }

  /** Objects of a type that an object controls. */
  ownedBy(type: ResourceType, uid: string): KubeObject[] {
    return this.list(type).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid));
  }

  /** Tells of every change from now on. @returns a function that ends it */
  subscribe({ plural }: ResourceType, listener: Listener): () => void {
    const { listeners } = this.#collection(plural);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Changes after a version. @throws ApiError 410 where they are not known any more */
  since({ plural }: ResourceType, version: string): ObjectChange[] {
    const { history } = this.#collection(plural);
    const oldest = history.length < historyLength ? 0 : (history[0]?.version ?? 0);
    if (Number(version) < oldest - 1) throw new ApiError(410, 'Expired', `version ${version} is too old`);
    return history.filter((entry) => entry.version > Number(version)).map(({ change }) => change);
  }

  create(type: ResourceType, object: KubeObject): KubeObject {
    const key = keyOf(object);
    if (this.get(type, key) !== undefined)
      throw new ApiError(409, 'AlreadyExists', `${type.plural} "${key}" already exists`);
    const metadata = { ...object.metadata, uid: randomUUID(), generation: 1, creationTimestamp: this.#time() };
    return this.#put(type, { ...object, metadata }, 'ADDED');
  }

  /** Replaces an object, or its status alone. @throws ApiError 404, 409 where it is not at the given version or uid */
  replace(type: ResourceType, object: KubeObject): KubeObject {
    const { uid, resourceVersion } = object.metadata;
    const current = this.#current(type, object, uid);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw new ApiError(409, 'Conflict', `${type.plural} "${keyOf(object)}" has been modified`);
    }
    return this.#update(type, current, object);
  }

  apply(type: ResourceType, patch: KubeObject, subresource?: 'status'): KubeObject {
    const current = this.get(type, keyOf(patch)) as Stored | undefined;
    if (current === undefined) {
      if (patch.metadata.uid !== undefined || subresource !== undefined)
        throw new ApiError(404, 'NotFound', `${type.plural} "${keyOf(patch)}" not found`);
      return this.create(type, patch);
    }
    this.#current(type, patch, patch.metadata.uid);
    // A status has one writer, who always writes all of it; whoever writes the rest leaves it as it is.
    const { status: _, ...rest } = patch;
    const next = subresource === 'status' ? { ...current, status: patch.status } : (merge(current, rest) as Stored);
    return this.#update(type, current, next);
  }

  /** @returns false where there is none of this name and uid */
  delete(type: ResourceType, key: string, uid?: string): boolean {
    const current = this.get(type, key) as Stored | undefined;
    if (current === undefined || (uid !== undefined && current.metadata.uid !== uid)) return false;
    if (current.metadata.deletionTimestamp === undefined) {
      this.#put(type, { ...current, metadata: { ...current.metadata, deletionTimestamp: this.#time() } }, 'MODIFIED');
    }
    for (const [plural, { objects }] of this.#collections) {
      for (const dependent of [...objects.values()]) {
        if (dependent.metadata.ownerReferences?.some((owner) => owner.uid === current.metadata.uid)) {
          this.delete({ ...type, plural }, keyOf(dependent));
        }
      }
    }
    this.#collect(type, key);
    return true;
  }

  /** Removes an object that is being deleted, once no finalizer and no dependent holds it; then looks at its owner. */
  #collect(type: ResourceType, key: string): void {
    const current = this.get(type, key) as Stored | undefined;
    if (current?.metadata.deletionTimestamp === undefined || (current.metadata.finalizers ?? []).length > 0) return;
    const { uid } = current.metadata;
    const held = [...this.#collections.values()].some(({ objects }) =>
      [...objects.values()].some(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    );
    if (held) return;
    this.#collection(type.plural).objects.delete(key);
    this.#announce(type, {
      type: 'DELETED',
      object: { ...current, metadata: { ...current.metadata, resourceVersion: String(++this.#version) } },
    });
    for (const [plural, { objects }] of this.#collections) {
      for (const owner of [...objects.values()]) {
        if (current.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid))
          this.#collect({ ...type, plural }, keyOf(owner));
      }
    }
  }

  #current(type: ResourceType, object: KubeObject, uid: string | undefined): Stored {
    const current = this.get(type, keyOf(object)) as Stored | undefined;
    if (current === undefined) throw new ApiError(404, 'NotFound', `${type.plural} "${keyOf(object)}" not found`);
    if (uid !== undefined && uid !== current.metadata.uid)
      throw new ApiError(409, 'Conflict', `the uid of ${type.plural} "${keyOf(object)}" is another`);
    return current;
  }

  #update(type: ResourceType, current: Stored, next: KubeObject): KubeObject {
    const { uid, creationTimestamp, resourceVersion, generation = 1 } = current.metadata;
    const same = isDeepStrictEqual(next.spec, current.spec);
    const metadata = {
      ...next.metadata,
      uid,
      creationTimestamp,
      resourceVersion,
      generation: same ? generation : generation + 1,
    };
    const object = { ...next, metadata } as Stored;
    if (isDeepStrictEqual(object, current)) return current;
    const written = this.#put(type, object, 'MODIFIED');
    this.#collect(type, keyOf(object)); // its last finalizer may just have gone
    return written;
  }

  #put(type: ResourceType, object: KubeObject, change: 'ADDED' | 'MODIFIED'): KubeObject {
    const stored: Stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#collection(type.plural).objects.set(keyOf(stored), stored);
    this.#announce(type, { type: change, object: stored });
    return stored;
  }

  #announce({ plural }: ResourceType, change: ObjectChange): void {
    const { history, listeners } = this.#collection(plural);
    history.push({ version: this.#version, change });
    if (history.length > historyLength) history.shift();
    for (const listener of listeners) listener(change);
  }

  #collection(plural: string): Collection {
    const known = this.#collections.get(plural) ?? { objects: new Map(), history: [], listeners: new Set() };
    this.#collections.set(plural, known);
    return known;
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}
