import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { type Connection, connect } from '../../src/trainer/s3/connection.ts';
import { listen } from './proxy.ts';

/** An answer of a server that says what a test wants: its status, headers and body; or it hangs up, or says nothing. */
export type Said = { status?: number; headers?: Record<string, string>; body?: string } | 'cut' | 'silence';

export const error = (status: number, code: string): Said => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** What a listing of some objects says. */
export const listing = (objects: { key: string; size: number; etag: string }[], count = objects.length): Said => ({
  body: `<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>${count}</KeyCount>${objects
    .map(({ key, size, etag }) => `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>${etag}</ETag></Contents>`)
    .join('')}</ListBucketResult>`,
});

/** A connection to a server that gives answers in their order, and what it was asked for: `PUT /bucket/x?partNumber=1`. */
export async function scriptedS3(
  t: TestContext,
  ...said: Said[]
): Promise<{ connection: Connection; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    for await (const _ of request); // all of it has come
    const query = (request.url ?? '').replace(/[?&]x-id=\w+/, '');
    asked.push(`${request.method} ${query}`);
    const now = said.shift();
    if (now === 'silence') return;
    if (now === undefined || now === 'cut') return void response.destroy();
    response.writeHead(now.status ?? 200, now.headers).end(now.body);
  });
  const place = { endpoint: `http://127.0.0.1:${await listen(t, server)}`, bucket: 'bucket', prefix: '', region: 'r' };
  const patience = { budget: 2000, idle: 300, random: () => 0 };
  return { connection: connect(place, { accessKeyId: 'a', secretAccessKey: 'b' }, { patience }), asked };
}
