import {
  type Client,
  isApiError,
  type KubeObject,
  keyOf,
  type ListOptions,
  type ResourceType,
  type WatchEvent,
} from './client.ts';
import { backoff, type Clock, sleep } from './clock.ts';
import { type Logger, messageOf } from './logger.ts';
import { ObjectStore, type Store, versionOf } from './store.ts';

export interface ReflectorOptions {
  client: Client;
  type: ResourceType;
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  keep?: ListOptions['keep'];
  /** A label that the store can be asked by. */
  indexedLabel?: string;
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Told of every object that was added, changed or deleted. Only to note a key: it must not throw or wait. */
  onChange: (object: KubeObject) => void;
  /** Told of every object that a list shows to be otherwise than the watch has told; {@link onChange} is told too. */
  onMissed?: (object: KubeObject) => void;
  /** Seconds after which all objects are listed again and compared, in case a watch lost one (pepr#745). */
  relistSeconds?: number;
}

/** Seconds that one watch lasts at least; up to twice as long, so that not all watches end at once. */
const watchSeconds = 300;
/** A watch that says nothing for this long, not even a bookmark, is taken for dead. */
const silence = 120_000;
/** A watch that ends sooner without an event has failed. */
const shortWatch = 1000;
/**
 * Keeps a store equal to what the API server has: lists, watches from there, goes on from the last version when a watch
 * ends, lists again when the version is too old, and never gives up.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #store: ObjectStore;
  readonly #stop = new AbortController();
  #synced: () => void = () => {};
  /** Resolves when the first list is in the store. */
  readonly synced: Promise<void>;
  hasSynced = false;
  /** How far the list and the watches have come: an object of an older version that is not in the store has been deleted. */
  #seen = 0n;
  /** Keys of what own writes have brought and no watch has told yet: the answer may hold somebody else's change as well. */
  readonly #untold = new Set<string>();
  /** A later list, to be compared with the store as soon as the watch has come as far. */
  #check: { items: readonly KubeObject[]; version: bigint } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#store = new ObjectStore(options.indexedLabel);
    this.synced = new Promise((resolve) => {
      this.#synced = resolve;
    });
  }

  get store(): Store {
    return this.#store;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Takes an object that this process has just written, so that the next look is not at an older state than its own work. */
  observe(object: KubeObject): void {
    const { keep = (whole: KubeObject) => whole } = this.#options;
    if (this.#keep(keep(object)) && versionOf(object) > this.#seen) this.#untold.add(keyOf(object));
  }

  /** @returns whether the object was not known in this version or a later one */
  #keep(object: KubeObject): boolean {
    const known = this.#store.get(keyOf(object));
    const fresh = versionOf(object) > (known === undefined ? this.#seen : versionOf(known));
    if (fresh) this.#store.set(object);
    return fresh;
  }

  async #run(): Promise<void> {
    const { clock, random, logger, type, relistSeconds = 1800 } = this.#options;
    const signal = this.#stop.signal;
    let version: string | undefined;
    let listedAt = Number.NEGATIVE_INFINITY;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          version = await this.#begin();
          listedAt = clock.elapsed();
        } else if (clock.elapsed() - listedAt > relistSeconds * 1000) {
          const { items, resourceVersion } = await this.#list();
          this.#check = { items, version: BigInt(resourceVersion) };
          listedAt = clock.elapsed();
        }
        let heard = false;
        const begun = clock.elapsed();
        version = await this.#watch(version, () => {
          failures = 0;
          heard = true;
        });
        // A server on its way out, or a proxy, ends watches at once: no reason to ask it without a pause.
        if (!heard && clock.elapsed() - begun < shortWatch)
          await sleep(clock, backoff(failures++, 200, 30_000, random), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isApiError(error, 410)) {
          version = undefined; // too old: what came between is only in a new list
          continue;
        }
        logger.warn({ type: type.plural, error: messageOf(error) }, 'watch interrupted');
        // A restarted API server may have lost the version, and a failed list has none: begin anew.
        version = undefined;
        await sleep(clock, backoff(failures++, 200, 30_000, random), signal);
      }
    }
  }

  #list() {
    const { client, type, namespace, labelSelector, keep } = this.#options;
    return client.list(type, { namespace, labelSelector, keep, signal: this.#stop.signal });
  }

  /** Takes a list for all there is. @returns its version */
  async #begin(): Promise<string> {
    const { items, resourceVersion } = await this.#list();
    const changed = this.#store.replaceAll(items);
    this.#seen = BigInt(resourceVersion);
    this.#check = undefined;
    for (const object of [...changed, ...this.#takeUntold(this.#seen)]) this.#options.onChange(object);
    this.hasSynced = true;
    this.#synced();
    return resourceVersion;
  }

  /** Compares the store with a list once it holds all changes up to the list and none of later ones. */
  #compare(seen: bigint): void {
    if (this.#check === undefined || seen < this.#check.version) return;
    const missed = this.#store.correct(this.#check.items, this.#check.version);
    for (const object of [...missed, ...this.#takeUntold(this.#check.version)]) {
      this.#options.onMissed?.(object);
      this.#options.onChange(object);
    }
    this.#check = undefined;
  }

  /** What is in the store, and should have been told by a watch that has come to a version. */
  #takeUntold(version: bigint): KubeObject[] {
    const due = [...this.#untold].flatMap((key) => this.#store.get(key) ?? []);
    const told = due.filter((object) => versionOf(object) <= version);
    for (const object of told) this.#untold.delete(keyOf(object));
    return told;
  }

  /** Watches until the server ends it. @returns the version to go on from */
  async #watch(from: string, onAlive: () => void): Promise<string> {
    const { client, type, namespace, labelSelector, keep, clock, random, relistSeconds = watchSeconds } = this.#options;
    const quiet = new AbortController();
    let cancel = clock.after(silence, () => quiet.abort());
    const alive = () => {
      onAlive();
      cancel();
      cancel = clock.after(silence, () => quiet.abort());
    };
    const signal = AbortSignal.any([this.#stop.signal, quiet.signal]);
    const timeoutSeconds = Math.round(Math.min(watchSeconds, relistSeconds) * (1 + random()));
    let version = from;
    try {
      for await (const event of client.watch(type, {
        namespace,
        labelSelector,
        keep,
        resourceVersion: from,
        timeoutSeconds,
        signal,
      })) {
        alive();
        version = this.#take(event);
      }
    } catch (error) {
      if (!quiet.signal.aborted || this.#stop.signal.aborted) throw error;
      // Silence: go on from the same version over a new connection.
    } finally {
      cancel();
    }
    return version;
  }

  /** Takes an event into the store; one that comes late changes nothing. @returns the version that the watch has come to */
  #take(event: WatchEvent): string {
    if (event.type === 'BOOKMARK') return this.#comeTo(BigInt(event.resourceVersion));
    const { type, object } = event;
    const version = versionOf(object);
    this.#compare(version - 1n); // before it: the list may not know of this one
    const key = keyOf(object);
    if (type !== 'DELETED') this.#keep(object);
    const known = this.#store.get(key);
    if (known === undefined || versionOf(known) <= version) this.#untold.delete(key);
    if (type === 'DELETED' && known !== undefined && versionOf(known) <= version) this.#store.remove(key);
    const cameTo = this.#comeTo(version);
    this.#options.onChange(object);
    return cameTo;
  }

  #comeTo(version: bigint): string {
    if (version > this.#seen) this.#seen = version;
    this.#compare(this.#seen);
    return String(this.#seen);
  }
}
