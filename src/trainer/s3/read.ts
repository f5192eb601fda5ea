import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Connection } from './connection.ts';
import { BrokenAnswer, verdictOf } from './failures.ts';
import type { Try } from './retry.ts';

/** An object as it was when it was asked for. */
export interface S3Object {
  key: string;
  /** Bytes. */
  size: number;
  etag: string;
}

/** Some bytes of an object: fewer than were asked for where it ends before. */
export interface S3Part {
  bytes: Uint8Array;
  /** Bytes of the whole object. */
  size: number;
  etag: string;
}

/** A part; or that there is no such object, or another one in its place. */
export type Found = S3Part | 'Missing' | 'Changed';

/** Reads an answer's body. @throws BrokenAnswer where it is not as long as it says */
async function collect(body: unknown, length: number | undefined, touch: () => void): Promise<Uint8Array> {
  if (!(body instanceof Readable)) throw new BrokenAnswer('the answer has no body');
  const pieces: Uint8Array[] = [];
  for await (const piece of body) {
    touch();
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (length === undefined || bytes.length === length) return bytes;
  throw new BrokenAnswer(`the answer has ${bytes.length} of ${length} bytes`);
}

const present = (etag: string | undefined): string => {
  if (etag !== undefined) return etag;
  throw new BrokenAnswer('the answer has no etag');
};

/** What of an object an answer says it has. @throws BrokenAnswer where it is not from the offset on */
function rangeIn(contentRange: string | undefined, offset: number): { size: number; promised: number } {
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '') ?? [];
  if (Number(from) !== offset) throw new BrokenAnswer(`the answer is ${contentRange}, not from byte ${offset} on`);
  return { size: Number(size), promised: Number(to) - offset + 1 };
}

interface PageInput {
  prefix: string;
  delimiter?: string | undefined;
  token?: string | undefined;
  most?: number;
}

/** A page of a listing. @throws BrokenAnswer where it lacks some of what it says it has */
async function page({ sdk, bucket, full, relative, pageKeys }: Connection, input: PageInput, one: Try) {
  const {
    Contents = [],
    CommonPrefixes = [],
    ...rest
  } = await sdk.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: full(input.prefix),
      Delimiter: input.delimiter,
      ContinuationToken: input.token,
      MaxKeys: input.most ?? pageKeys,
    }),
    one,
  );
  const { KeyCount, IsTruncated, NextContinuationToken: next } = rest;
  const found = Contents.length + CommonPrefixes.length;
  if (IsTruncated === undefined || (KeyCount ?? found) !== found || (IsTruncated && next === undefined))
    throw new BrokenAnswer('the listing is not whole');
  return {
    objects: Contents.map(({ Key = '', Size = 0, ETag = '' }) => ({ key: relative(Key), size: Size, etag: ETag })),
    folders: CommonPrefixes.map(({ Prefix = '' }) => relative(Prefix)),
    next: IsTruncated ? next : undefined,
  };
}

export interface Listing {
  objects: S3Object[];
  /** What keys begin with up to the delimiter, that included. */
  folders: string[];
}

/** All pages of a listing. @param delimiter none for all keys that begin with the prefix */
export async function list(connection: Connection, prefix: string, delimiter?: string): Promise<Listing> {
  const all: Listing = { objects: [], folders: [] };
  for (let token: string | undefined; ; ) {
    const input = { prefix, delimiter, token };
    const answer = await connection.ask(prefix, (one) => page(connection, input, one));
    if (typeof answer === 'string') return all; // some servers say of a prefix without objects that it is not there
    all.objects.push(...answer.objects);
    all.folders.push(...answer.folders);
    if (answer.next === undefined) return all;
    token = answer.next;
  }
}

/** What a listing says of an object: unlike HEAD, it tells a bucket that vanished from an object that did. */
async function look(connection: Connection, key: string): Promise<S3Object | undefined> {
  const answer = await connection.ask(key, (one) => page(connection, { prefix: key, most: 1 }, one));
  return typeof answer === 'string' ? undefined : answer.objects.find((object) => object.key === key);
}

export async function head(connection: Connection, key: string): Promise<S3Object | undefined> {
  const { sdk, bucket, full, ask } = connection;
  const answer = await ask(key, async (one) => {
    const { ContentLength, ETag } = await sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: full(key) }), one);
    if (ContentLength === undefined) throw new BrokenAnswer('the answer has no size');
    return { key, size: ContentLength, etag: present(ETag) };
  });
  return typeof answer === 'string' ? look(connection, key) : answer;
}

/** What has become of an object of which a range was refused. @throws BrokenAnswer where nothing has */
async function lookAfter(connection: Connection, key: string, offset: number, etag?: string): Promise<Found> {
  const there = await look(connection, key);
  if (there === undefined) return 'Missing';
  if (etag !== undefined && there.etag !== etag) return 'Changed';
  if (there.size > offset) throw new BrokenAnswer('a range was refused that is there');
  return { bytes: new Uint8Array(0), size: there.size, etag: there.etag };
}

/** Whether an error says that there is no such object, another one, or one that ends before the range. */
const isRefused = (error: unknown): boolean =>
  ['Missing', 'Refused'].includes(verdictOf(error)) || (error instanceof Error && error.name === 'InvalidRange');

/** Length of a range that ends where the object does. */
export const toTheEnd = Number.POSITIVE_INFINITY;

export async function range(
  connection: Connection,
  key: string,
  { offset, length, etag }: { offset: number; length: number; etag?: string | undefined },
): Promise<Found> {
  const { sdk, bucket, full, ask } = connection;
  const Range = `bytes=${offset}-${length === toTheEnd ? '' : offset + length - 1}`;
  const input = { Bucket: bucket, Key: full(key), Range, ...(etag && { IfMatch: etag }) };
  const answer = await ask(key, async (one) => {
    const sent = await sdk.send(new GetObjectCommand(input), one).catch((error: unknown) => {
      if (isRefused(error)) return undefined;
      throw error;
    });
    if (sent === undefined || (etag !== undefined && sent.ETag !== etag)) {
      if (sent?.Body instanceof Readable) sent.Body.destroy(); // unread, it would keep its connection for ever
      return lookAfter(connection, key, offset, etag);
    }
    const { size, promised } = rangeIn(sent.ContentRange, offset);
    if (promised !== Math.min(length, size - offset)) throw new BrokenAnswer(`the answer is ${sent.ContentRange}`);
    return { bytes: await collect(sent.Body, promised, one.touch), size, etag: present(sent.ETag) };
  });
  return answer === 'Refused' ? 'Changed' : answer;
}

/** All of an object: read as a range, because such an answer tells the object's size besides its own length. */
export async function get(connection: Connection, key: string): Promise<S3Part | undefined> {
  const found = await range(connection, key, { offset: 0, length: toTheEnd });
  return typeof found === 'string' ? undefined : found;
}

/** Whether there is an object whose key begins so. */
export async function any(connection: Connection, prefix: string): Promise<boolean> {
  const answer = await connection.ask(prefix, (one) => page(connection, { prefix, most: 1 }, one));
  return typeof answer !== 'string' && answer.objects.length > 0;
}
