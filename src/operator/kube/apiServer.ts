import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { backoff, type Clock, sleep } from './clock.ts';
import {
  ApiError,
  apiVersionOf,
  type Cluster,
  type KubeObject,
  type ListOptions,
  type ResourceType,
  type WatchEvent,
} from './cluster.ts';

/** Objects per page of a list. */
const pageSize = 500;
/** Longest line of a watch: an object is at most about 3 MiB in etcd's hands. */
const longestLine = 8 * 2 ** 20;
const requestTimeout = 30_000;
/** Seconds that a server may ask to wait before the next try. */
const longestWait = 30;
/** Tries of a call that failed for a reason that passes. */
const tries = 4;

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});
const statusSchema = z.object({
  reason: z.string().default('Unknown'),
  message: z.string().default(''),
  code: z.number().default(500),
});
const eventSchema = z.object({
  type: z.string(),
  object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional() }),
});

interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
}

/** Turns an answer of the server into an {@link ApiError}. */
function toApiError(status: number, retryAfter: string | undefined, text: string): ApiError {
  let parsed: z.output<typeof statusSchema> = { reason: 'Unknown', message: text.slice(0, 500), code: status };
  try {
    parsed = statusSchema.parse(JSON.parse(text));
  } catch {
    // Not a Status object: a proxy's page, say. Its text is the message.
  }
  const seconds = Number(retryAfter); // a proxy may name a date instead
  return new ApiError(status, parsed.reason, parsed.message, seconds >= 0 ? Math.min(seconds, longestWait) : undefined);
}

/** Whether the same call may succeed a moment later: throttled, overloaded, or the server was just restarted. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof Error && error.name !== 'AbortError';
}

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

/**
 * A cluster's API server, over HTTP. The library gives kubeconfig and credentials; requests are undici's with one pool of
 * connections (javascript#2893), and failures that pass are tried again here, honouring Retry-After.
 */
export class ApiServer implements Cluster {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  readonly #random: () => number;
  #agent: { key: string; dispatcher: Dispatcher } | undefined;

  constructor(config: KubeConfig, clock: Clock, random: () => number = Math.random) {
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
  }

  /** The cluster that KUBECONFIG names, or the one this pod runs in. */
  static fromEnvironment(clock: Clock): ApiServer {
    const config = new KubeConfig();
    config.loadFromDefault();
    return new ApiServer(config, clock);
  }

  async list(type: ResourceType, { namespace, labelSelector, signal }: ListOptions) {
    const items: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { labelSelector, limit: String(pageSize), continue: next };
      const page = listSchema.parse(await this.#json({ method: 'GET', path: pathOf(type, namespace), query, signal }));
      // Objects in a list carry neither apiVersion nor kind.
      items.push(
        ...page.items.map((item) => trim({ ...item, apiVersion: apiVersionOf(type), kind: type.kind } as KubeObject)),
      );
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async *watch(
    type: ResourceType,
    options: ListOptions & { resourceVersion: string; timeoutSeconds: number },
  ): AsyncGenerator<WatchEvent> {
    const { namespace, labelSelector, resourceVersion, timeoutSeconds, signal } = options;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      labelSelector,
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    };
    const { body } = await this.#send(
      { method: 'GET', path: pathOf(type, namespace), query, signal },
      (timeoutSeconds + 30) * 1000,
    );
    for await (const line of lines(body)) {
      const { type: kind, object } = eventSchema.parse(JSON.parse(line));
      if (kind === 'ERROR') {
        const { code, reason, message } = statusSchema.parse(object);
        throw new ApiError(code, reason, message);
      }
      if (kind === 'BOOKMARK')
        yield { type: 'BOOKMARK', resourceVersion: object.metadata?.resourceVersion ?? resourceVersion };
      else
        yield {
          type: kind as 'ADDED' | 'MODIFIED' | 'DELETED',
          object: trim(objectSchema.parse(object) as KubeObject),
        };
    }
  }

  async get(type: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#object({ method: 'GET', path: pathOf(type, namespace, name) });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
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
      await this.#json({ method: 'DELETE', path: pathOf(type, namespace, name), body });
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent?.dispatcher.close();
  }

  async #object(call: Call): Promise<KubeObject> {
    return objectSchema.parse(await this.#json(call)) as KubeObject;
  }

  /** Sends a call, again where it failed for a reason that passes. Every call here may be sent twice without harm. */
  async #json(call: Call): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        const { body } = await this.#send(call, requestTimeout);
        return await body.json();
      } catch (error) {
        if (attempt + 1 >= tries || !mayPass(error) || call.signal?.aborted) throw error;
        const asked = error instanceof ApiError ? error.retryAfterSeconds : undefined;
        await sleep(
          this.#clock,
          asked === undefined ? backoff(attempt, 200, 5000, this.#random) : asked * 1000,
          call.signal,
        );
      }
    }
  }

  async #send(
    { method, path, query = {}, body, contentType = 'application/json', signal }: Call,
    timeout: number,
  ): Promise<Dispatcher.ResponseData> {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error('the kubeconfig names no current cluster');
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined && value !== '') url.searchParams.set(name, value);
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const response = await request(url, {
      method,
      dispatcher: this.#dispatcher(options),
      headers: {
        ...(options.headers as Record<string, string>),
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      body: body === undefined ? null : toYamlSafeJson(body),
      headersTimeout: requestTimeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
    });
    if (response.statusCode < 300) return response;
    const retryAfter = response.headers['retry-after'];
    throw toApiError(
      response.statusCode,
      typeof retryAfter === 'string' ? retryAfter : undefined,
      await response.body.text(),
    );
  }

  /** One pool of connections, made anew only when the credentials change. */
  #dispatcher({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): Dispatcher {
    const tls = { ca, cert, key, rejectUnauthorized, servername };
    const id = JSON.stringify(tls);
    if (this.#agent?.key !== id) {
      const connect = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
      this.#agent = { key: id, dispatcher: new Agent({ connect, connections: 64 }) };
    }
    return this.#agent.dispatcher;
  }
}

function pathOf({ group, version, plural }: ResourceType, namespace?: string, name?: string): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/**
 * JSON that reads the same as YAML: the server takes an applied body for YAML, which has no control characters but as
 * escapes, folds lines at more characters than JSON, and knows no half of a surrogate pair. A pod's log may have them all.
 */
function toYamlSafeJson(body: unknown): string {
  const json = JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Leaves out what a controller never reads and caches would be full of. */
function trim(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}
