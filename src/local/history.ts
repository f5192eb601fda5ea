import { ApiError, type KubeObject, type WatchEvent } from '../operator/kube/client.ts';

export type ObjectChange = Extract<WatchEvent, { object: KubeObject }> & {
  /** As it was before; selectors are judged by both. */
  before: KubeObject | undefined;
};
export type Listener = (change: ObjectChange) => void;

/** The last changes of one type, and who wants to hear of the next. */
export class History {
  readonly #length: number;
  readonly #changes: { version: number; change: ObjectChange }[] = [];
  readonly #listeners = new Set<Listener>();
  /** The newest version that was forgotten. */
  #forgotten = 0;

  /** @param length changes that a late watcher can still be told */
  constructor(length: number) {
    this.#length = length;
  }

  add(version: number, change: ObjectChange): void {
    this.#changes.push({ version, change });
    if (this.#changes.length > this.#length) this.#forgotten = this.#changes.shift()?.version ?? 0;
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Changes after a version. @throws ApiError 410 where some of them are forgotten */
  since(version: number): ObjectChange[] {
    if (version < this.#forgotten) throw new ApiError(410, 'Expired', `too old resource version: ${version}`);
    return this.#changes.filter((entry) => entry.version > version).map(({ change }) => change);
  }

  /** Tells of every change from now on. @returns a function that ends it */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
