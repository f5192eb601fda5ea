import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { DdrError } from '../../api/errors.ts';
import type { Connection } from './connection.ts';
import { BrokenAnswer, verdictOf } from './failures.ts';
import { head } from './read.ts';

/** An object that is being made of parts. */
export interface Multipart {
  key: string;
  id: string;
}

/** One of a listing, and when it was begun: as {@link ListedObject} has it. */
export interface ListedMultipart extends Multipart {
  begun: number;
}

/** A part that the server has. */
export interface SentPart {
  PartNumber: number;
  ETag: string;
  bytes: number;
}

const gone = ({ describe }: Connection, key: string) =>
  new DdrError('FileAccess', 'what was uploaded is no longer there', {
    where: describe(key),
    hint: 'Another process or a rule of the bucket has removed it. The next attempt makes it anew.',
  });

/** An answer of the server. @throws DdrError FileAccess where there is nothing to answer about */
export async function answered<T>(
  connection: Connection,
  key: string,
  answer: Promise<T | 'Missing' | 'Refused'>,
): Promise<Exclude<T, 'Missing' | 'Refused'>> {
  const value = await answer;
  if (value === 'Missing' || value === 'Refused') throw gone(connection, key);
  return value as Exclude<T, 'Missing' | 'Refused'>;
}

export async function begin(connection: Connection, key: string): Promise<Multipart> {
  const { sdk, bucket, full, ask } = connection;
  const answer = ask(key, async (one) => {
    const { UploadId } = await sdk.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: full(key) }), one);
    if (UploadId === undefined) throw new BrokenAnswer('the answer has no upload');
    return { key, id: UploadId };
  });
  return answered(connection, key, answer);
}

export async function abandon({ sdk, bucket, full, ask }: Connection, { key, id }: Multipart): Promise<void> {
  const input = { Bucket: bucket, Key: full(key), UploadId: id };
  await ask(key, (one) => sdk.send(new AbortMultipartUploadCommand(input), one));
}

/** Those that are being made under keys with a beginning. */
export async function listMultiparts({ sdk, bucket, full, relative, ask }: Connection, prefix: string) {
  const found: ListedMultipart[] = [];
  for (let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}; ; ) {
    const input = { Bucket: bucket, Prefix: full(prefix), ...marker };
    const answer = await ask(prefix, (one) => sdk.send(new ListMultipartUploadsCommand(input), one));
    if (typeof answer === 'string') return found;
    for (const { Key = '', UploadId = '', Initiated } of answer.Uploads ?? [])
      found.push({ key: relative(Key), id: UploadId, begun: Initiated?.getTime() ?? Number.POSITIVE_INFINITY });
    if (answer.IsTruncated !== true) return found;
    marker = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
  }
}

async function listParts({ sdk, bucket, full, ask }: Connection, { key, id }: Multipart): Promise<SentPart[]> {
  const parts: SentPart[] = [];
  for (let marker: string | undefined; ; ) {
    const input = { Bucket: bucket, Key: full(key), UploadId: id, PartNumberMarker: marker };
    const answer = await ask(key, (one) => sdk.send(new ListPartsCommand(input), one));
    if (typeof answer === 'string') return parts;
    for (const { PartNumber = 0, ETag = '', Size = 0 } of answer.Parts ?? [])
      parts.push({ PartNumber, ETag, bytes: Size });
    if (answer.IsTruncated !== true) return parts;
    marker = answer.NextPartNumberMarker;
  }
}

/**
 * Makes the object of its parts. What the server has counts, where an answer told another etag than it keeps.
 * @throws DdrError FileAccess where the parts are no longer there
 */
export async function complete(connection: Connection, whole: Multipart, sent: readonly SentPart[]): Promise<void> {
  const { sdk, bucket, full, ask } = connection;
  const { key, id } = whole;
  let parts = sent;
  const answer = await ask(key, async (one) => {
    const MultipartUpload = { Parts: parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
    const input = { Bucket: bucket, Key: full(key), UploadId: id, MultipartUpload };
    try {
      await sdk.send(new CompleteMultipartUploadCommand(input), one);
      return true;
    } catch (error) {
      if (verdictOf(error) !== 'Refused') throw error;
      parts = await listParts(connection, whole);
      const same = parts.length === sent.length && parts.every(({ bytes }, i) => bytes === sent[i]?.bytes);
      throw same ? new BrokenAnswer('a part was refused that is there') : error;
    }
  });
  // Where there is no such upload, an earlier try has completed it, though its answer was lost; or it was removed.
  const bytes = sent.reduce((sum, part) => sum + part.bytes, 0);
  if (answer !== true && (await head(connection, key))?.size !== bytes) throw gone(connection, key);
}
