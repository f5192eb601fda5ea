import type {
  Cluster,
  KubeObject,
  ListOptions,
  ResourceType,
  WatchEvent,
  WatchOptions,
} from '../operator/kube/cluster.ts';
import type { ObjectChange, Objects } from './objects.ts';

/** Selectors of the form a=b,c=d, which are all that the operator uses. */
function selects(labelSelector: string | undefined, { metadata }: KubeObject): boolean {
  if (labelSelector === undefined || labelSelector === '') return true;
  return labelSelector.split(',').every((term) => {
    const [name = '', value] = term.split('=');
    return metadata.labels?.[name] === value;
  });
}

/** The cluster of one process, as the operator sees it. */
export class MemoryCluster implements Cluster {
  readonly #objects: Objects;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async list(type: ResourceType, { namespace, labelSelector }: ListOptions) {
    const items = this.#objects.list(type).filter((object) => this.#matches(object, namespace, labelSelector));
    return { items, resourceVersion: this.#objects.version };
  }

  async *watch(
    type: ResourceType,
    { namespace, labelSelector, resourceVersion, signal }: WatchOptions,
  ): AsyncGenerator<WatchEvent> {
    const waiting: ObjectChange[] = this.#objects.since(type, resourceVersion);
    let wake: () => void = () => {};
    const end = this.#objects.subscribe(type, (change) => {
      waiting.push(change);
      wake();
    });
    const stop = () => wake();
    signal?.addEventListener('abort', stop);
    try {
      while (!signal?.aborted) {
        for (const change of waiting.splice(0)) {
          if (this.#matches(change.object, namespace, labelSelector)) yield change;
        }
        if (waiting.length === 0 && !signal?.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      end();
      signal?.removeEventListener('abort', stop);
    }
  }

  async get(type: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined> {
    return this.#objects.get(type, `${namespace}/${name}`);
  }

  async create(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    return this.#objects.create(type, object);
  }

  async replace(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    return this.#objects.replace(type, object);
  }

  async apply(
    type: ResourceType,
    object: KubeObject,
    { subresource }: { subresource?: 'status' },
  ): Promise<KubeObject> {
    return this.#objects.apply(type, object, subresource);
  }

  async delete(type: ResourceType, namespace: string, name: string, uid?: string): Promise<boolean> {
    return this.#objects.delete(type, `${namespace}/${name}`, uid);
  }

  #matches(object: KubeObject, namespace: string | undefined, labelSelector: string | undefined): boolean {
    return (namespace === undefined || object.metadata.namespace === namespace) && selects(labelSelector, object);
  }
}
