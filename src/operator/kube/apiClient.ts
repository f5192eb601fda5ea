import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { ApiConnection, type Call, type ConnectionOptions, statusSchema } from './apiConnection.ts';
import {
  ApiError,
  apiVersionOf,
  type Client,
  isApiError,
  type KubeObject,
  type ListOptions,
  type ResourceType,
  type WatchEvent,
} from './client.ts';
import type { Clock } from './clock.ts';
import { type Container, type ExecOptions, type Executed, execute } from './exec.ts';
import type { ProxyVariables } from './proxy.ts';

/** Objects per page of a list. */
const pageSize = 500;
/** Longest line of a watch: an object is at most about 3 MiB in etcd's hands. */
const longestLine = 8 * 2 ** 20;

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});
const eventSchema = z.object({ type: z.string(), object: z.unknown() });
const bookmarkSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** Reads JSON lines as they come. */
async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let end = rest.indexOf('\n');
    while (end >= 0) {
      if (end > 0) yield rest.slice(0, end);
      rest = rest.slice(end + 1);
      end = rest.indexOf('\n');
    }
    if (rest.length > longestLine) throw new Error(`a watch event is longer than ${longestLine} characters`);
  }
}

/** A cluster's API server, over HTTP. */
export class ApiClient implements Client {
  readonly #config: KubeConfig;
  readonly #connection: ApiConnection;

  constructor(config: KubeConfig, clock: Clock, options: ConnectionOptions = {}) {
    this.#config = config;
    this.#connection = new ApiConnection(config, clock, options);
  }

  /** The cluster that KUBECONFIG names, or the one this pod runs in. */
  static fromEnvironment(clock: Clock, proxies: ProxyVariables, options: ConnectionOptions = {}): ApiClient {
    const config = new KubeConfig();
    config.loadFromDefault(); // where it finds nothing, it takes http://localhost:8080
    const { server = '', skipTLSVerify = false } = config.getCurrentCluster() ?? {};
    if (!server.startsWith('https:') && !skipTLSVerify) {
      throw new DdrError('InputMissing', 'there is no cluster that can be reached by https', {
        where: server,
        hint: 'Set KUBECONFIG to the file that names it, or its current-context.',
      });
    }
    return new ApiClient(config, clock, { ...options, proxies });
  }

  /** The namespace of the kubeconfig's current context. */
  get namespace(): string {
    return this.#config.getContextObject(this.#config.getCurrentContext())?.namespace || 'default';
  }

  async list(type: ResourceType, { namespace, labelSelector, signal, keep = trim }: ListOptions) {
    const items: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { labelSelector, limit: String(pageSize), continue: next };
      const page = listSchema.parse(
        await this.#connection.json({ method: 'GET', path: pathOf(type, namespace), query, signal }),
      );
      // Objects in a list carry neither apiVersion nor kind.
      items.push(
        ...page.items.map((item) => keep({ ...item, apiVersion: apiVersionOf(type), kind: type.kind } as KubeObject)),
      );
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async *watch(
    type: ResourceType,
    options: ListOptions & { resourceVersion: string; timeoutSeconds: number },
  ): AsyncGenerator<WatchEvent> {
    const { namespace, labelSelector, resourceVersion, timeoutSeconds, signal, keep = trim } = options;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      labelSelector,
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    };
    const { body } = await this.#connection.send(
      { method: 'GET', path: pathOf(type, namespace), query, signal },
      (timeoutSeconds + 30) * 1000,
    );
    for await (const line of lines(body)) {
      const { type: kind, object } = eventSchema.parse(JSON.parse(line));
      if (kind === 'ERROR') {
        const { code, reason, message } = statusSchema.parse(object);
        throw new ApiError(code, reason, message);
      }
      if (kind === 'BOOKMARK') {
        const { data } = bookmarkSchema.safeParse(object);
        yield { type: 'BOOKMARK', resourceVersion: data?.metadata.resourceVersion ?? resourceVersion };
      } else
        yield {
          type: kind as 'ADDED' | 'MODIFIED' | 'DELETED',
          object: keep(objectSchema.parse(object) as KubeObject),
        };
    }
  }

  async get(type: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#object({ method: 'GET', path: pathOf(type, namespace, name) });
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  /** @param options.strict refuses fields that the schema does not know, as kubectl does, instead of dropping them */
  create(
    type: ResourceType,
    object: KubeObject,
    options: { fieldManager?: string; strict?: boolean } = {},
  ): Promise<KubeObject> {
    const query = {
      fieldManager: options.fieldManager,
      fieldValidation: options.strict === true ? 'Strict' : undefined,
    };
    return this.#object({ method: 'POST', path: pathOf(type, object.metadata.namespace), query, body: object });
  }

  replace(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    return this.#object({ method: 'PUT', path: pathOf(type, namespace, name), body: object });
  }

  apply(
    type: ResourceType,
    object: KubeObject,
    options: { fieldManager: string; subresource?: 'status' },
  ): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const path = pathOf(type, namespace, name) + (options.subresource === undefined ? '' : `/${options.subresource}`);
    const query = { fieldManager: options.fieldManager, force: 'true' };
    return this.#object({ method: 'PATCH', path, query, body: object, contentType: 'application/apply-patch+yaml' });
  }

  async delete(type: ResourceType, namespace: string, name: string, uid?: string): Promise<boolean> {
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Foreground',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    try {
      await this.#connection.json({ method: 'DELETE', path: pathOf(type, namespace, name), body });
      return true;
    } catch (error) {
      if (isApiError(error, 404)) return false;
      // Another with this name is left; one that only conflicts with somebody else's change is to be tried again.
      const isOther = async () => uid !== undefined && (await this.get(type, namespace, name))?.metadata.uid !== uid;
      if (isApiError(error, 409) && (await isOther())) return false;
      throw error;
    }
  }

  /** What the server answers to a GET of a path that is no object's: its OpenAPI documents, say. */
  raw(path: string): Promise<unknown> {
    return this.#connection.json({ method: 'GET', path });
  }

  /** What the server answers to a question that is no object to be kept: a review of rights, say. */
  ask(path: string, body: unknown): Promise<unknown> {
    return this.#connection.json({ method: 'POST', path, body });
  }

  /** Runs a command in a container of a pod. @throws as {@link execute} */
  exec(where: Container, command: readonly string[], options: ExecOptions): Promise<Executed> {
    return execute(this.#connection, where, command, options);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #object(call: Call): Promise<KubeObject> {
    return objectSchema.parse(await this.#connection.json(call)) as KubeObject;
  }
}

function pathOf({ group, version, plural }: ResourceType, namespace?: string, name?: string): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** Leaves out what a controller never reads and caches would be full of. */
function trim(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}
