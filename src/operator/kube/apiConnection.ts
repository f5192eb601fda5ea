import type { RequestOptions } from 'node:https';
import { Readable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { type buildConnector, type Dispatcher, request, WebSocket } from 'undici';
import { z } from 'zod';
import { ApiError } from './client.ts';
import { backoff, type Clock, sleep } from './clock.ts';
import { dispatcherFor, type ProxyVariables } from './proxy.ts';

const requestTimeout = 30_000;
/** Seconds that a server may ask to wait before the next try. */
const longestWait = 30;
/** Tries of a call that failed for a reason that passes. */
const tries = 4;

/** How a server says what went wrong. */
export const statusSchema = z.object({
  reason: z.string().default('Unknown'),
  message: z.string().default(''),
  code: z.number().default(500),
});

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Of a list, each value is one of its own. */
  query?: Record<string, string | readonly string[] | undefined>;
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

/** A change that this process may not make any more. */
class WriteForbidden extends Error {}

/** Whether the same call may succeed a moment later: throttled, overloaded, or the server was just restarted. */
function mayPass(error: unknown): boolean {
  if (error instanceof WriteForbidden) return false;
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof Error && error.name !== 'AbortError';
}

export interface ConnectionOptions {
  random?: () => number;
  proxies?: ProxyVariables;
  /** Told of every answer, each try's. */
  answered?: (method: Call['method'], status: number) => void;
  /** Asked before every change, each try of it; where it says no, nothing is sent. */
  mayWrite?: () => boolean;
}

/**
 * Calls to an API server. The library gives kubeconfig and credentials; requests are undici's with one pool of connections
 * (javascript#2893), and failures that pass are tried again here, honouring Retry-After.
 */
export class ApiConnection {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #proxies: ProxyVariables;
  readonly #answered: NonNullable<ConnectionOptions['answered']>;
  readonly #mayWrite: () => boolean;
  /** By whether HTTP/2 may be spoken. */
  readonly #agents = new Map<boolean, { key: string; dispatcher: Dispatcher }>();

  constructor(config: KubeConfig, clock: Clock, options: ConnectionOptions) {
    const { random = Math.random, proxies = {}, answered = () => {}, mayWrite = () => true } = options;
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
    this.#proxies = proxies;
    this.#answered = answered;
    this.#mayWrite = mayWrite;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ dispatcher }) => dispatcher.close()));
  }

  /** Sends a call, again where it failed for a reason that passes. Every call here may be sent twice without harm. */
  async json(call: Call): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        const { body } = await this.send(call, requestTimeout);
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

  /**
   * Sends a call once.
   * @param timeout milliseconds without a byte of the answer
   * @throws ApiError for an answer that is none of success, another Error where this process may not write
   */
  async send(
    { method, path, query = {}, body, contentType = 'application/json', signal }: Call,
    timeout: number,
  ): Promise<Dispatcher.ResponseData> {
    const { url, headers, dispatcher } = await this.#target(path, query);
    const text = body === undefined ? undefined : toYamlSafeJson(body);
    const response = await request(url, {
      method,
      dispatcher,
      headers: {
        ...headers,
        accept: 'application/json',
        ...(text === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) }),
      },
      body: text === undefined ? null : Readable.from(this.#whileAllowed(text), { objectMode: false }),
      headersTimeout: requestTimeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
    });
    this.#answered(method, response.statusCode);
    if (response.statusCode < 300) return response;
    const retryAfter = response.headers['retry-after'];
    throw toApiError(
      response.statusCode,
      typeof retryAfter === 'string' ? retryAfter : undefined,
      await response.body.text(),
    );
  }

  /**
   * Opens a WebSocket, which tells of its failure by an event without saying what the server answered.
   * @param protocols of which the server is to choose one
   */
  async socket({ path, query = {} }: Pick<Call, 'path' | 'query'>, protocols: string[]): Promise<WebSocket> {
    const { url, headers, dispatcher } = await this.#target(path, query, false);
    return new WebSocket(url, { protocols, headers, dispatcher });
  }

  /** Where a call goes, and with whose credentials. */
  async #target(path: string, query: NonNullable<Call['query']>, allowH2 = true) {
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no current cluster');
    const { server, proxyUrl: proxy } = cluster;
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query))
      for (const each of typeof value === 'string' ? [value].filter(Boolean) : (value ?? []))
        url.searchParams.append(name, each);
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers = options.headers as Record<string, string>;
    return { url, headers, dispatcher: this.#dispatcher({ server: url, proxy, allowH2 }, options) };
  }

  /**
   * The body of a change, which only begins where this process may write. It is asked for when there is a connection, right
   * before the first byte of the request: a process may be stopped while it waits for one.
   */
  async *#whileAllowed(text: string): AsyncGenerator<Buffer> {
    if (!this.#mayWrite()) throw new WriteForbidden('nothing is changed: this process does not lead any more');
    yield Buffer.from(text);
  }

  /** One pool of connections, made anew only when the server or the credentials change. */
  #dispatcher(
    { server, proxy, allowH2 }: { server: URL; proxy: string | undefined; allowH2: boolean },
    { ca, cert, key, rejectUnauthorized, servername }: RequestOptions,
  ): Dispatcher {
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
    ) as buildConnector.BuildOptions;
    const id = JSON.stringify([server.origin, proxy, tls]);
    const known = this.#agents.get(allowH2);
    if (known?.key === id) return known.dispatcher;
    const dispatcher = dispatcherFor({ server, proxy, variables: this.#proxies, allowH2 }, tls);
    this.#agents.set(allowH2, { key: id, dispatcher });
    return dispatcher;
  }
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
