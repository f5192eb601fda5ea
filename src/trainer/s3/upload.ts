import { UploadPartCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { DdrError } from '../../api/errors.ts';
import type { Connection } from './connection.ts';
import { BrokenAnswer } from './failures.ts';
import { abandon, answered, begin, complete, type Multipart, type SentPart } from './multipart.ts';
import { partsOf } from './parts.ts';
import type { S3Object } from './read.ts';
import type { Try } from './retry.ts';
import { copySource, copyWhole, put } from './write.ts';

/** A part of S3's has 5 MiB at least, an object 10,000 parts at most; all are of one size, which some servers ask for. */
export const usualPartBytes = 16 * 2 ** 20;
const mostParts = 10_000;

/** The largest object that S3 copies in one request. */
export const usualCopyBytes = 5 * 2 ** 30;

/** Parts under way at once; one more is held in memory. */
const atOnce = 3;

/** A part to be: so many bytes, and how they are sent. */
interface Part {
  bytes: number;
  /** @returns the part's etag */
  send(whole: Multipart, PartNumber: number): Promise<string>;
}

/** Sends parts, some at once, and makes them one object; nothing is left where that fails. */
async function sendParts(connection: Connection, key: string, parts: AsyncIterable<Part>): Promise<void> {
  const whole = await begin(connection, key);
  const sent: Promise<SentPart>[] = [];
  try {
    for await (const { bytes, send } of parts) {
      const PartNumber = sent.length + 1;
      if (PartNumber > mostParts)
        throw new DdrError('FileAccess', `is larger than ${mostParts} parts`, { where: connection.describe(key) });
      const part = send(whole, PartNumber).then((ETag) => ({ PartNumber, ETag, bytes }));
      part.catch(() => {}); // it is awaited later, perhaps after another has failed
      sent.push(part);
      await sent.at(-1 - atOnce);
    }
    await complete(connection, whole, await Promise.all(sent));
  } catch (error) {
    await Promise.allSettled(sent);
    await abandon(connection.hurried(), whole).catch(() => {}); // must not hide why; what is left goes with removePartial
    throw error;
  }
}

function partOf(connection: Connection, key: string, Body: Uint8Array): Part {
  const { sdk, bucket, full, ask } = connection;
  const send: Part['send'] = ({ id }, PartNumber) => {
    const input = { Bucket: bucket, Key: full(key), UploadId: id, PartNumber, Body };
    const once = async (one: Try) => {
      const { ETag } = await sdk.send(new UploadPartCommand(input), one);
      if (ETag === undefined) throw new BrokenAnswer('the answer has no etag');
      return ETag;
    };
    return answered(connection, key, ask(key, once, Body.length));
  };
  return { bytes: Body.length, send };
}

function copiedPart(
  connection: Connection,
  { from, to }: { from: string; to: string },
  at: number,
  bytes: number,
): Part {
  const { sdk, bucket, full, ask } = connection;
  const source = { CopySource: copySource(connection, from), CopySourceRange: `bytes=${at}-${at + bytes - 1}` };
  const send: Part['send'] = ({ id }, PartNumber) => {
    const input = { Bucket: bucket, Key: full(to), UploadId: id, PartNumber, ...source };
    const once = async (one: Try) => {
      const { CopyPartResult } = await sdk.send(new UploadPartCopyCommand(input), one);
      if (CopyPartResult?.ETag === undefined) throw new BrokenAnswer('the answer has no etag');
      return CopyPartResult.ETag;
    };
    return answered(connection, to, ask(to, once, bytes));
  };
  return { bytes, send };
}

/** Writes an object as its bytes come, holding four parts of it at most. */
export async function upload(
  connection: Connection,
  key: string,
  pieces: AsyncIterable<Uint8Array>,
  partBytes = usualPartBytes,
): Promise<void> {
  const parts = partsOf(pieces, partBytes);
  const { value: first } = await parts.next();
  if (first === undefined || first.length < partBytes) {
    await put(connection, key, first ?? new Uint8Array(0));
    return;
  }
  async function* all(start: Uint8Array) {
    yield partOf(connection, key, start);
    for await (const part of parts) yield partOf(connection, key, part);
  }
  await sendParts(connection, key, all(first));
}

/** Copies within the server. @param copyBytes of one request at most @returns whether there was something to copy */
export async function copy(
  connection: Connection,
  { key: from, size }: Pick<S3Object, 'key' | 'size'>,
  to: string,
  copyBytes = usualCopyBytes,
): Promise<boolean> {
  if (size <= copyBytes) return copyWhole(connection, { key: from, size }, to);
  async function* parts() {
    for (let at = 0; at < size; at += copyBytes)
      yield copiedPart(connection, { from, to }, at, Math.min(copyBytes, size - at));
  }
  await sendParts(connection, to, parts());
  return true;
}
