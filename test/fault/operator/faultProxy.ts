import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { chance, type Fault, type FaultPlan } from './faultPlan.ts';
import { FaultyWatch } from './faultyWatch.ts';
import { type Answer, type Call, readAll, Upstream } from './upstream.ts';

/** Longest pause of a slow answer, in milliseconds. */
const longestPause = 2000;

/** A change that an operator has asked for. */
export interface Write {
  who: string;
  method: string;
  /** Without its query. */
  path: string;
  /** Of the object. */
  name: string;
  /** Milliseconds since 1970 when it came. */
  at: number;
  /** What the server answered; undefined until then, and where it never came that far. */
  status: number | undefined;
}

/** Told of writes as they pass; what it does meanwhile holds them up. */
export interface Gate {
  /** @returns false where the server shall not hear of it */
  arrived?(write: Write): Promise<boolean>;
  answered?(write: Write): Promise<void>;
}

const reasons: Partial<Record<Fault, string>> = {
  '409': 'Conflict',
  '410': 'Expired',
  '422': 'Invalid',
  '429': 'TooManyRequests',
  '500': 'InternalError',
  '503': 'ServiceUnavailable',
};

/** The answer that a fault puts in the place of the server's. */
function refusalOf(fault: Fault | undefined): Answer | undefined {
  const reason = fault && reasons[fault];
  if (reason === undefined) return undefined;
  const code = Number(fault);
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: 'injected' };
  return {
    status: code,
    headers: { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) },
    body: Buffer.from(JSON.stringify(body)),
  };
}

const answer = (response: ServerResponse, { status, headers, body }: Answer): void => {
  response.writeHead(status, headers).end(body);
};

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Name of the object of a request: in its path, or in what is to be created. */
function nameOf({ method, body }: Call, path: string): string {
  if (method !== 'POST') return lastPart(path.replace(/\/status$/, ''));
  return (JSON.parse(body.toString()) as { metadata: { name: string } }).metadata.name;
}

/** Stands between operators and an API server and does what a plan says; without one, it only watches. */
export class FaultProxy {
  readonly #upstream: Upstream;
  readonly #server: Server;
  readonly #last = new Map<string, string>();
  plan: FaultPlan | undefined;
  gate: Gate = {};
  readonly writes: Write[] = [];

  private constructor(kubeconfig: string) {
    this.#upstream = new Upstream(kubeconfig);
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy()); // as if the server itself were away
    });
  }

  /** @param kubeconfig file that names the API server */
  static async start(kubeconfig: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(kubeconfig);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** A kubeconfig of this proxy for the process of a name, by which it knows whose requests they are. */
  kubeconfigFor(who: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: who, user: { token: who } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: who } }],
      'current-context': 'proxy',
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#upstream.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const who = (headers.authorization ?? '').replace('Bearer ', '');
    const call = { who, method, path, contentType: headers['content-type'] ?? '', body: await readAll(request) };
    const isWatch = new URL(path, 'http://proxy').searchParams.get('watch') === 'true';
    if (isWatch) await this.#watch(call, response);
    else if (method === 'GET') await this.#read(call, response);
    else await this.#write(call, response);
  }

  async #read(call: Call, response: ServerResponse): Promise<void> {
    const path = call.path.replace(/\?.*/, '');
    await this.#disturb('read', `GET ${path}`, response, () => this.#upstream.send(call));
  }

  async #write(call: Call, response: ServerResponse): Promise<void> {
    const { who, method } = call;
    const path = call.path.replace(/\?.*/, '');
    const write: Write = { who, method, path, name: nameOf(call, path), at: Date.now(), status: undefined };
    this.writes.push(write);
    const what =
      method === 'POST' && !path.endsWith('/events') ? `${method} ${path}/${write.name}` : `${method} ${path}`;
    await this.#disturb('write', what, response, async () => {
      if ((await this.gate.arrived?.(write)) === false) throw new Error('it is kept from the server');
      const sent = await this.#upstream.send(call);
      write.status = sent.status;
      await this.gate.answered?.(write);
      return sent;
    });
  }

  /** Answers, unless the plan has it otherwise. */
  async #disturb(place: 'read' | 'write', what: string, response: ServerResponse, ask: () => Promise<Answer>) {
    const { plan } = this;
    const fault = plan?.decide(place, what);
    if (fault !== undefined) plan?.note(fault, what);
    const refusal = refusalOf(fault);
    if (refusal !== undefined) return answer(response, refusal);
    if (fault === 'cut before') return response.destroy();
    const answered = await ask();
    if (fault === 'cut after') return response.destroy();
    if (fault === 'slow') await wait(longestPause * chance(plan?.seed ?? 0, 'pause', what, plan?.total ?? 0));
    return answer(response, answered);
  }

  async #watch(call: Call, response: ServerResponse): Promise<void> {
    const path = call.path.replace(/\?.*/, '');
    const { plan } = this;
    const fault = plan?.decide('watch', path);
    if (fault !== undefined) plan?.note(fault, `WATCH ${path}`);
    const refusal = refusalOf(fault);
    if (refusal !== undefined) return answer(response, refusal);
    if (fault === 'cut before') return void response.destroy();
    if (fault === 'slow') await wait(longestPause * chance(plan?.seed ?? 0, 'pause', path, plan?.total ?? 0));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const events = await this.#upstream.open(call, gone.signal);
    response.writeHead(events.statusCode ?? 500, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (plan === undefined || events.statusCode !== 200) {
      for await (const chunk of events) response.write(chunk);
      response.end();
      return;
    }
    await new FaultyWatch(plan, lastPart(path), response, this.#last).pass(events);
    gone.abort();
  }
}
