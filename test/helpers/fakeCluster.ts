import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { listen } from './proxy.ts';

/** What a fault does to a command. */
export type ExecFault = 'none' | 'cut' | 'short' | 'silent' | { status: number; reason: string };

export interface FakeClusterOptions {
  /** Folder that stands for what is mounted in every pod. */
  folder: string;
  /** Where it is mounted. */
  mount: string;
  objects?: KubeObject[];
  /** Whether a request is allowed; verbs as RBAC has them. */
  allows?: (verb: string, resource: string) => boolean;
  /** What becomes of the nth command. */
  fault?: (n: number) => ExecFault;
  /** Status of a new pod. */
  podStatus?: object;
}

/** A WebSocket message of a server: one unmasked frame. */
function frame(kind: number, body: Uint8Array): Buffer {
  const length = body.length + 1;
  const head =
    length < 126
      ? Buffer.from([0x82, length])
      : length < 65_536
        ? Buffer.from([0x82, 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([0x82, 127]), bigEndian(length)]);
  return Buffer.concat([head, Buffer.from([kind]), body]);
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

const verbs: Record<string, string> = { GET: 'get', POST: 'create', DELETE: 'delete' };
const pathPattern = /^\/apis?\/(?:[^/]+\/)?[^/]+\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

/**
 * The part of an API server that keeps objects and runs commands in pods: as processes of this machine, over a folder in the
 * place of what is mounted.
 */
export class FakeCluster {
  readonly #options: FakeClusterOptions;
  readonly #objects = new Map<string, KubeObject>();
  /** Every request, as "verb resource". */
  readonly asked: string[] = [];
  /** Pods as they were made. */
  readonly made: KubeObject[] = [];
  commands = 0;
  /** Text of a kubeconfig that names it, once it was started. */
  kubeconfig = '';

  constructor(options: FakeClusterOptions) {
    this.#options = options;
    for (const object of options.objects ?? []) this.#put(`${object.kind.toLowerCase()}s`, object);
  }

  pods(): KubeObject[] {
    return [...this.#objects].flatMap(([key, object]) => (key.startsWith('pods/') ? [object] : []));
  }

  /** Somebody deletes all pods. */
  loseItsPods(): void {
    for (const key of this.#objects.keys()) if (key.startsWith('pods/')) this.#objects.delete(key);
  }

  async start(t: TestContext): Promise<ApiClient> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('upgrade', (request, socket) => this.#exec(request, socket));
    const url = `http://127.0.0.1:${await listen(t, server)}`;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'test', server: url, skipTLSVerify: true },
      { name: 'test', token: 'secret' },
    );
    this.kubeconfig = config.exportConfig();
    const client = new ApiClient(config, systemClock, { random: () => 0 });
    t.after(() => client.close());
    return client;
  }

  #put(plural: string, object: KubeObject): void {
    this.#objects.set(`${plural}/${object.metadata.namespace}/${object.metadata.name}`, object);
  }

  #isAllowed(verb: string, resource: string): boolean {
    return this.#options.allows?.(verb, resource) ?? true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += part;
    const body = text === '' ? undefined : JSON.parse(text);
    const { pathname } = new URL(request.url ?? '', 'http://test');
    const send = (status: number, answer: object) => response.writeHead(status).end(JSON.stringify(answer));
    if (pathname.endsWith('/selfsubjectaccessreviews')) {
      const { verb, resource, subresource } = body.spec.resourceAttributes;
      const allowed = this.#isAllowed(verb, subresource === '' ? resource : `${resource}/${subresource}`);
      return void send(201, { ...body, metadata: {}, status: { allowed } });
    }
    const [, namespace = '', plural = '', name, subresource] = pathPattern.exec(pathname) ?? [];
    const verb = request.method === 'GET' && name === undefined ? 'list' : (verbs[request.method ?? ''] ?? '');
    const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
    this.asked.push(`${verb} ${resource}`);
    if (!this.#isAllowed(verb, resource))
      return void send(403, { reason: 'Forbidden', message: `cannot ${verb} ${resource}`, code: 403 });
    if (verb === 'list') {
      const items = [...this.#objects].flatMap(([key, object]) =>
        key.startsWith(`${plural}/${namespace}/`) ? [object] : [],
      );
      return void send(200, { metadata: { resourceVersion: '1' }, items });
    }
    if (verb === 'create') {
      const uid = `uid-${this.made.length}`;
      const object = {
        ...body,
        metadata: { ...body.metadata, uid },
        status: this.#options.podStatus ?? { phase: 'Running' },
      };
      this.made.push(body);
      this.#put(plural, object);
      return void send(201, object);
    }
    const key = `${plural}/${namespace}/${name}`;
    const found = this.#objects.get(key);
    if (found === undefined) return void send(404, { reason: 'NotFound', message: `${name} not found`, code: 404 });
    if (subresource === 'exec')
      return void send(400, { reason: 'BadRequest', message: 'Upgrade request required', code: 400 });
    if (verb === 'delete') this.#objects.delete(key);
    send(200, found);
  }

  #exec(request: IncomingMessage, socket: Duplex): void {
    const { folder, mount, fault = () => 'none' } = this.#options;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://test');
    const [, namespace, , pod] = pathPattern.exec(pathname) ?? [];
    socket.on('error', () => {});
    const kind = fault(this.commands++);
    if (!this.#objects.has(`pods/${namespace}/${pod}`) || !this.#isAllowed('create', 'pods/exec'))
      return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    if (typeof kind === 'object')
      return void socket.end(`HTTP/1.1 ${kind.status} ${kind.reason}\r\ncontent-length: 0\r\n\r\n`);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const [protocol] = (request.headers['sec-websocket-protocol'] ?? '').split(',');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: ${protocol}\r\n\r\n`,
    );
    if (kind === 'silent') return;
    const [, ...args] = searchParams.getAll('command').map((part) => part.replace(mount, folder));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let first = true;
    child.stdout.on('data', (part: Buffer) => {
      if (kind === 'cut') return void socket.destroy();
      socket.write(frame(1, kind === 'short' && first ? part.subarray(1) : part));
      first = false;
    });
    child.stderr.on('data', (part: Buffer) => socket.write(frame(2, part)));
    child.on('close', (code) => {
      const status = code === 0 ? { status: 'Success' } : { status: 'Failure', message: `exit code ${code}` };
      socket.write(frame(3, Buffer.from(JSON.stringify(status))));
      socket.end(Buffer.from([0x88, 0]));
    });
  }
}
