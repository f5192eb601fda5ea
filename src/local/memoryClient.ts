import type {
  Client,
  KubeObject,
  ListOptions,
  ResourceType,
  WatchEvent,
  WatchOptions,
} from '../operator/kube/client.ts';
import type { Clock } from '../operator/kube/clock.ts';
import type { ObjectChange } from './history.ts';
import type { Objects, Stored } from './objects.ts';

/** Selectors of the form a=b,c=d, which are all that the operator uses. */
function selects(labelSelector: string | undefined, { metadata }: KubeObject): boolean {
  if (labelSelector === undefined || labelSelector === '') return true;
  return labelSelector.split(',').every((term) => {
    const [name = '', value] = term.split('=');
    return metadata.labels?.[name] === value;
  });
}

const matches = ({ namespace, labelSelector }: ListOptions, object: KubeObject): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) && selects(labelSelector, object);

/** A change as a watcher sees it: an object that comes to match is added, one that ceases to is deleted. */
function eventFor(options: ListOptions, { type, object, before }: ObjectChange): WatchEvent | undefined {
  const was = before !== undefined && matches(options, before);
  const is = type !== 'DELETED' && matches(options, object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object };
  return was ? { type: 'DELETED', object } : undefined;
}

/** The cluster of one process, as the operator sees it: what it is given by the API server elsewhere. */
export class MemoryClient implements Client {
  readonly #objects: Objects;
  readonly #clock: Clock;

  constructor(objects: Objects, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  async list(type: ResourceType, options: ListOptions) {
    const items = this.#objects.list(type).filter((object) => matches(options, object));
    return { items, resourceVersion: this.#objects.version };
  }

  async *watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { resourceVersion, timeoutSeconds, signal } = options;
    const waiting = this.#objects.since(type, resourceVersion);
    let wake = () => {};
    let over = false;
    const end = () => {
      over = true;
      wake();
    };
    const unsubscribe = this.#objects.subscribe(type, (change) => {
      waiting.push(change);
      wake();
    });
    const cancel = this.#clock.after(timeoutSeconds * 1000, end);
    signal?.addEventListener('abort', end);
    try {
      while (!over && !signal?.aborted) {
        for (const change of waiting.splice(0)) {
          const event = eventFor(options, change);
          if (event !== undefined) yield event;
        }
        if (waiting.length > 0 || over || signal?.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      unsubscribe();
      cancel();
      signal?.removeEventListener('abort', end);
    }
  }

  async get(type: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined> {
    return this.#objects.get(type, `${namespace}/${name}`);
  }

  /** A status is not created: it has a subresource of its own. */
  async create(type: ResourceType, { status: _, ...object }: KubeObject): Promise<KubeObject> {
    return this.#objects.create(type, object as KubeObject);
  }

  async replace(type: ResourceType, { status: _, ...object }: KubeObject): Promise<KubeObject> {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const current = this.#objects.get(type, key)?.status;
    return this.#objects.replace(type, { ...object, ...(current === undefined ? {} : { status: current }) } as Stored);
  }

  async apply(
    type: ResourceType,
    object: KubeObject,
    { fieldManager, subresource }: { fieldManager: string; subresource?: 'status' },
  ): Promise<KubeObject> {
    return this.#objects.apply(type, object, fieldManager, subresource);
  }

  async delete(type: ResourceType, namespace: string, name: string, uid?: string): Promise<boolean> {
    return this.#objects.delete(type, `${namespace}/${name}`, uid);
  }
}
