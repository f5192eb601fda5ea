import { controllerOf, type KubeObject, keyOf } from './client.ts';

/** What is known of the objects of one type. Readers must not change them. */
export interface Store {
  get(key: string): KubeObject | undefined;
  all(): Iterable<KubeObject>;
  /** Objects whose controller has this uid. */
  ownedBy(uid: string): KubeObject[];
  /** Objects by `namespace/value` of the label that the store was told; none where it was told none. */
  labelled(value: string): KubeObject[];
}

/** Versions of one API server are numbers (KEP-5504); an object made anew has a higher one. */
export const versionOf = ({ metadata }: KubeObject): bigint => BigInt(metadata.resourceVersion ?? 0);

/** Objects by something that several may share. */
class Index {
  readonly #sharedBy: (object: KubeObject) => string | undefined;
  readonly #entries = new Map<string, Map<string, KubeObject>>();

  /** @param sharedBy undefined of what is not in it */
  constructor(sharedBy: (object: KubeObject) => string | undefined) {
    this.#sharedBy = sharedBy;
  }

  get(value: string): KubeObject[] {
    return [...(this.#entries.get(value)?.values() ?? [])];
  }

  set(object: KubeObject): void {
    const value = this.#sharedBy(object);
    if (value === undefined) return;
    const those = this.#entries.get(value) ?? new Map<string, KubeObject>();
    this.#entries.set(value, those.set(keyOf(object), object));
  }

  remove(object: KubeObject): void {
    const value = this.#sharedBy(object);
    if (value === undefined) return;
    const those = this.#entries.get(value);
    those?.delete(keyOf(object));
    if (those?.size === 0) this.#entries.delete(value);
  }
}

/** A store with an index by owner, and one by a label. */
export class ObjectStore implements Store {
  readonly #objects = new Map<string, KubeObject>();
  readonly #owned = new Index((object) => controllerOf(object)?.uid);
  readonly #labelled: Index;

  /** @param label that objects can be asked for by */
  constructor(label?: string) {
    this.#labelled = new Index(({ metadata }) => {
      const value = label === undefined ? undefined : metadata.labels?.[label];
      return value === undefined ? undefined : `${metadata.namespace ?? ''}/${value}`;
    });
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): Iterable<KubeObject> {
    return this.#objects.values();
  }

  ownedBy(uid: string): KubeObject[] {
    return this.#owned.get(uid);
  }

  labelled(value: string): KubeObject[] {
    return this.#labelled.get(value);
  }

  set(object: KubeObject): void {
    const key = keyOf(object);
    this.remove(key);
    this.#objects.set(key, object);
    for (const index of [this.#owned, this.#labelled]) index.set(object);
  }

  remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    for (const index of [this.#owned, this.#labelled]) index.remove(object);
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
