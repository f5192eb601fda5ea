import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What a server of tests does with a request instead of answering it; undefined where it answers. */
export type Fault = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => boolean;

export interface FileServer {
  url: string;
  /** By path, with a leading /. */
  files: Map<string, Buffer>;
  /** Requests, as "GET /a bytes=0-1". */
  asked: string[];
  /** Asked of every request; true where it has been dealt with. */
  fault: Fault;
  /** What the server can do. */
  can: { head: boolean; ranges: boolean; etags: boolean };
}

const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

function answer(server: FileServer, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?')[0] ?? '';
  const { range, 'if-match': ifMatch } = request.headers;
  server.asked.push([request.method, request.url, range].filter((part) => part !== undefined).join(' '));
  const bytes = server.files.get(path) ?? Buffer.alloc(0);
  if (server.fault(request, response, bytes)) return;
  const { can } = server;
  if (request.method === 'HEAD' && !can.head) return void response.writeHead(405).end();
  if (!server.files.has(path)) return void response.writeHead(404).end();
  const etag = can.etags ? { etag: etagOf(bytes) } : {};
  if (ifMatch !== undefined && can.etags && ifMatch !== etagOf(bytes)) return void response.writeHead(412).end();
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (first === undefined || !can.ranges) {
    response.writeHead(200, { 'content-length': bytes.length, ...etag });
    return void response.end(request.method === 'HEAD' ? undefined : bytes);
  }
  if (Number(first) >= bytes.length) return void response.writeHead(416, etag).end();
  const part = bytes.subarray(Number(first), Number(last) + 1);
  response.writeHead(206, {
    'content-length': part.length,
    'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`,
    ...etag,
  });
  response.end(part);
}

/** A web server of files in memory, which ends with its test. */
export async function fileServer(t: TestContext, files: Record<string, Uint8Array | string>): Promise<FileServer> {
  const server: FileServer = {
    url: '',
    files: new Map(Object.entries(files).map(([name, content]) => [`/${name}`, Buffer.from(content)])),
    asked: [],
    fault: () => false,
    can: { head: true, ranges: true, etags: true },
  };
  const listener = createServer((request, response) => answer(server, request, response));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return server;
}

/** Faults one after the other, and then none. */
export function faults(...list: Fault[]): Fault {
  const waiting = [...list];
  return (...call) => waiting.shift()?.(...call) ?? false;
}

export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(code, headers).end();
    return true;
  };

/** Cuts the connection. */
export const cut: Fault = (request) => {
  request.socket.destroy();
  return true;
};

/** Begins to answer with everything, and cuts after so many bytes. */
export const cutAfter =
  (count: number, etags = true): Fault =>
  (request, response, bytes) => {
    const from = Number(/^bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = bytes.subarray(from);
    const isPart = request.headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': rest.length,
      ...(etags && { etag: etagOf(bytes) }),
      ...(isPart && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    response.write(rest.subarray(0, count), () => setTimeout(() => request.socket.destroy(), 5));
    return true;
  };

/** Says nothing for ever. */
export const silent: Fault = () => true;
