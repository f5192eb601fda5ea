import { backoff, type Clock, sleep } from './clock.ts';
import { type Cluster, isApiError, type KubeObject, keyOf, type ResourceType } from './cluster.ts';
import { type Logger, messageOf } from './logger.ts';
import { ObjectStore, type Store } from './store.ts';

export interface ReflectorOptions {
  cluster: Cluster;
  type: ResourceType;
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Told of every object that was added, changed or deleted. Only to note a key: it must not throw or wait. */
  onChange: (object: KubeObject) => void;
}

/** Seconds that one watch lasts at least; up to twice as long, so that not all watches end at once. */
const watchSeconds = 300;
/** A watch that says nothing for this long, not even a bookmark, is taken for dead. */
const silence = 120_000;
/** A watch that ends sooner without an event has failed. */
const shortWatch = 1000;
/** All objects are listed again this often, in case a watch lost one (pepr#745). */
const relistEvery = 1_800_000;

/**
 * Keeps a store equal to what the API server has: lists, watches from there, goes on from the last version when a watch
 * ends, lists again when the version is too old, and never gives up.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #store = new ObjectStore();
  readonly #stop = new AbortController();
  #synced: () => void = () => {};
  /** Resolves when the first list is in the store. */
  readonly synced: Promise<void>;
  hasSynced = false;
  /** How far the list and the watches have come: an object of an older version that is not in the store has been deleted. */
  #seen = 0n;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
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
    const known = this.#store.get(keyOf(object));
    const fresh = known === undefined ? versionOf(object) > this.#seen : versionOf(object) >= versionOf(known);
    if (fresh) this.#store.set(object);
  }

  async #run(): Promise<void> {
    const { clock, random, logger, type } = this.#options;
    const signal = this.#stop.signal;
    let version: string | undefined;
    let listedAt = Number.NEGATIVE_INFINITY;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (version === undefined || clock.now() - listedAt > relistEvery) {
          version = await this.#list();
          listedAt = clock.now();
        }
        let heard = false;
        const begun = clock.now();
        version = await this.#watch(version, () => {
          failures = 0;
          heard = true;
        });
        // A server on its way out, or a proxy, ends watches at once: no reason to ask it without a pause.
        if (!heard && clock.now() - begun < shortWatch)
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

  async #list(): Promise<string> {
    const { cluster, type, namespace, labelSelector, onChange } = this.#options;
    const { items, resourceVersion } = await cluster.list(type, {
      namespace,
      labelSelector,
      signal: this.#stop.signal,
    });
    const changed = this.#store.replaceAll(items);
    this.#seen = BigInt(resourceVersion);
    for (const object of changed) onChange(object);
    this.hasSynced = true;
    this.#synced();
    return resourceVersion;
  }

  /** Watches until the server ends it. @returns the version to go on from */
  async #watch(from: string, onAlive: () => void): Promise<string> {
    const { cluster, type, namespace, labelSelector, clock, random, onChange } = this.#options;
    const quiet = new AbortController();
    let cancel = clock.after(silence, () => quiet.abort());
    const alive = () => {
      onAlive();
      cancel();
      cancel = clock.after(silence, () => quiet.abort());
    };
    const signal = AbortSignal.any([this.#stop.signal, quiet.signal]);
    const timeoutSeconds = Math.round(watchSeconds * (1 + random()));
    let version = from;
    try {
      for await (const event of cluster.watch(type, {
        namespace,
        labelSelector,
        resourceVersion: from,
        timeoutSeconds,
        signal,
      })) {
        alive();
        if (event.type === 'BOOKMARK') {
          version = event.resourceVersion;
          this.#seen = BigInt(version);
          continue;
        }
        const { object } = event;
        if (event.type === 'DELETED') this.#store.remove(keyOf(object));
        else this.observe(object);
        version = object.metadata.resourceVersion ?? version;
        this.#seen = BigInt(version);
        onChange(object);
      }
    } catch (error) {
      if (!quiet.signal.aborted || this.#stop.signal.aborted) throw error;
      // Silence: go on from the same version over a new connection.
    } finally {
      cancel();
    }
    return version;
  }
}

/** Versions of one API server are numbers (KEP-5504); an object made anew has a higher one. */
const versionOf = ({ metadata }: KubeObject): bigint => BigInt(metadata.resourceVersion ?? 0);
