import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

/** A request as it came. */
export interface Call {
  /** Name of the process that sent it. */
  who: string;
  method: string;
  /** With its query. */
  path: string;
  contentType: string;
  body: Buffer;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The API server itself. */
export class Upstream {
  readonly #server: string;
  readonly #token: string;
  readonly #agent: Agent;

  /** @param kubeconfig file that names the server and a token */
  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#server = config.getCurrentCluster()?.server ?? '';
    this.#token = config.getCurrentUser()?.token ?? '';
    const options = { keepAlive: true, rejectUnauthorized: false };
    this.#agent = this.#server.startsWith('https') ? new SecureAgent(options) : new Agent(options);
  }

  /** Sends a request on. @returns the answer as soon as its first byte is there */
  open({ method, path, contentType, body }: Call, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.#server);
      const headers = {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        ...(body.length === 0 ? {} : { 'content-type': contentType, 'content-length': body.length }),
      };
      const send = url.protocol === 'https:' ? secureRequest : request;
      const options = { method, headers, agent: this.#agent, ...(signal === undefined ? {} : { signal }) };
      const sent = send(url, options, (response) => {
        response.on('error', () => {}); // who reads it is told; nobody may be reading it any more
        resolve(response);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async send(call: Call): Promise<Answer> {
    const response = await this.open(call);
    const { 'content-type': type = 'application/json', 'retry-after': retryAfter } = response.headers;
    const headers = { 'content-type': type, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) };
    return { status: response.statusCode ?? 500, headers, body: await readAll(response) };
  }

  close(): void {
    this.#agent.destroy();
  }
}
