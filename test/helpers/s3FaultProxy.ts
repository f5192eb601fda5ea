import { createHash } from 'node:crypto';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { listen } from './proxy.ts';

/** What happens to a request on its way to an S3 server, or to its answer on the way back. */
export const s3Faults = [
  'cut before',
  'cut after',
  'slow',
  '503',
  '500',
  '412',
  'wrong etag',
  'cut body',
  'short body',
] as const;
export type S3Fault = (typeof s3Faults)[number];

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece);
  return Buffer.concat(pieces);
}

const refusals: Partial<Record<S3Fault, string>> = {
  '500': 'InternalError',
  '503': 'SlowDown',
  '412': 'PreconditionFailed',
};

const refusal = (fault: S3Fault, code: string): Answer => ({
  status: Number(fault),
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>injected</Message></Error>`),
});

const isConditional = ({ headers }: IncomingMessage): boolean =>
  headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;

/** Milliseconds of a slow answer at most. */
const longestPause = 2000;

/** Stands before an S3 server and lets faults loose. */
export class S3FaultProxy {
  readonly url: string;
  readonly injected = new Map<S3Fault, number>();
  requests = 0;
  /** Of how many requests one meets with a fault, from 0 to 1. */
  rate: number;
  readonly #seed: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #upstream: URL;

  private constructor(seed: number, rate: number, upstream: string, port: number) {
    this.#seed = seed;
    this.rate = rate;
    this.#upstream = new URL(upstream);
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @param upstream URL of the server */
  static async start(t: TestContext, { seed, rate, upstream }: { seed: number; rate: number; upstream: string }) {
    const server = createServer((incoming, response) => {
      proxy.#take(incoming, response).catch(() => response.destroy());
    });
    const proxy = new S3FaultProxy(seed, rate, upstream, await listen(t, server));
    t.after(() => proxy.#agent.destroy());
    return proxy;
  }

  get total(): number {
    return [...this.injected.values()].reduce((sum, count) => sum + count, 0);
  }

  /** A number of [0, 1) that is the same for the same seed and request. */
  #chance(what: string): number {
    return createHash('sha256').update(`${this.#seed} ${this.requests} ${what}`).digest().readUInt32BE() / 2 ** 32;
  }

  #note(fault: S3Fault): S3Fault {
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
    return fault;
  }

  async #ask(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { hostname, port } = this.#upstream;
    const { method, url: path, headers } = incoming;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ hostname, port, method, path, headers, agent: this.#agent }, resolve).on('error', reject).end(body);
    });
    return { status: answer.statusCode ?? 500, headers: answer.headers, body: await readAll(answer) };
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    const [meets, which, length] = [this.#chance('meets'), this.#chance('which'), this.#chance('length')];
    // Few requests are conditional, and only they can be refused: so every second fault of theirs is that.
    const kinds = isConditional(incoming) && length < 0.5 ? (['412'] as const) : s3Faults;
    const fault = meets < this.rate ? kinds[Math.floor(which * kinds.length)] : undefined;
    if (incoming.headers.expect !== undefined) response.writeContinue();
    const body = await readAll(incoming);
    const code = fault && refusals[fault];
    if (fault !== undefined && code !== undefined && (fault !== '412' || isConditional(incoming))) {
      this.#note(fault);
      const { status, headers, body: said } = refusal(fault, code);
      response.writeHead(status, { ...headers, 'content-length': said.length }).end(said);
      return;
    }
    if (fault === 'cut before') {
      this.#note(fault);
      response.destroy();
      return;
    }
    const answer = await this.#ask(incoming, body);
    await this.#answer(incoming, response, answer, fault, length);
  }

  async #answer(
    { method }: IncomingMessage,
    response: ServerResponse,
    { status, headers, body }: Answer,
    fault: S3Fault | undefined,
    length: number,
  ): Promise<void> {
    if (fault === 'cut after') {
      this.#note(fault);
      response.destroy();
    } else if (fault === 'cut body' && body.length > 0) {
      this.#note(fault);
      response.writeHead(status, headers);
      response.write(body.subarray(0, Math.floor(length * body.length)), () => response.destroy());
    } else if (fault === 'short body' && body.length > 0 && method !== 'HEAD') {
      this.#note(fault);
      const part = body.subarray(0, Math.floor(length * body.length));
      const { 'transfer-encoding': _, ...rest } = headers;
      response.writeHead(status, { ...rest, 'content-length': String(part.length) }).end(part);
    } else if (fault === 'wrong etag' && headers.etag !== undefined) {
      this.#note(fault);
      response.writeHead(status, { ...headers, etag: '"0123456789abcdef0123456789abcdef"' }).end(body);
    } else {
      if (fault === 'slow') {
        this.#note(fault);
        await pause(length * longestPause);
      }
      response.writeHead(status, headers).end(body);
    }
  }
}
