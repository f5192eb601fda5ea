import { controllerOf, type KubeObject, keyOf } from './client.ts';

/** What is known of the objects of one type. Readers must not change them. */
export interface Store {
  get(key: string): KubeObject | undefined;
  all(): Iterable<KubeObject>;
  /** Objects whose controller has this uid. */
  ownedBy(uid: string): KubeObject[];
}

/** Versions of one API server are numbers (KEP-5504); an object made anew has a higher one. */
export const versionOf = ({ metadata }: KubeObject): bigint => BigInt(metadata.resourceVersion ?? 0);

/** A store with an index by owner. */
export class ObjectStore implements Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #owned = new Map<string, Map<string, KubeObject>>();

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): Iterable<KubeObject> {
    return this.#objects.values();
  }

  ownedBy(uid: string): KubeObject[] {
    return [...(this.#owned.get(uid)?.values() ?? [])];
  }

  set(object: KubeObject): void {
    const key = keyOf(object);
    this.remove(key);
    this.#objects.set(key, object);
    const owner = controllerOf(object)?.uid;
    if (owner === undefined) return;
    const owned = this.#owned.get(owner) ?? new Map<string, KubeObject>();
    this.#owned.set(owner, owned.set(key, object));
  }

  remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    const owner = controllerOf(object)?.uid;
    if (owner === undefined) return;
    const owned = this.#owned.get(owner);
    owned?.delete(key);
    if (owned?.size === 0) this.#owned.delete(owner);
  }

  /** Takes the objects of a list for all there is. @returns those that changed or went */
  replaceAll(objects: readonly KubeObject[]): KubeObject[] {
    const listed = new Map(objects.map((object) => [keyOf(object), object]));
    const gone = [...this.#objects].filter(([key]) => !listed.has(key)).map(([, object]) => object);
    const changed = objects.filter(
      (object) => this.get(keyOf(object))?.metadata.resourceVersion !== object.metadata.resourceVersion,
    );
    for (const object of gone) this.remove(keyOf(object));
    for (const object of changed) this.set(object);
    return [...gone, ...changed];
  }

  /**
   * Makes up for changes that should be here and are not.
   * @param version of the list
   * @returns objects that were missing, old, or should have gone
   */
  correct(listed: readonly KubeObject[], version: bigint): KubeObject[] {
    const keys = new Set(listed.map(keyOf));
    const old = listed.filter((object) => {
      const known = this.get(keyOf(object));
      return known === undefined || versionOf(known) < versionOf(object);
    });
    const gone = [...this.#objects.values()].filter(
      (object) => !keys.has(keyOf(object)) && versionOf(object) <= version,
    );
    for (const object of gone) this.remove(keyOf(object));
    for (const object of old) this.set(object);
    return [...gone, ...old];
  }
}
