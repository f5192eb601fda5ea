import { CopyObjectCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DdrError } from '../../api/errors.ts';
import type { Connection } from './connection.ts';
import { BrokenAnswer, verdictOf } from './failures.ts';
import { get, type S3Object } from './read.ts';
import type { Try } from './retry.ts';

/** What must hold for an object to be written: that there is none yet, or that it is the one of an etag. */
export type Condition = { ifAbsent: true } | { ifMatch: string };

const headersOf = (condition: Condition | undefined) => {
  if (condition === undefined) return {};
  return 'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: '*' };
};

/** Requests that are under way at once. */
const atOnce = 8;

/**
 * What has become of an object whose condition was refused.
 * @param unsure whether an earlier try may have written it, though its answer was lost
 * @returns the etag where it was written; undefined where the condition does not hold
 * @throws BrokenAnswer where it does
 */
async function lookAfter(
  connection: Connection,
  key: string,
  bytes: Uint8Array,
  condition: Condition,
  unsure: boolean,
): Promise<string | undefined> {
  const there = await get(connection, key);
  if (there === undefined) {
    if ('ifMatch' in condition) return undefined;
    throw new BrokenAnswer('it is said to be there, and is not');
  }
  if (unsure && Buffer.compare(there.bytes, bytes) === 0) return there.etag;
  if ('ifMatch' in condition && condition.ifMatch === there.etag)
    throw new BrokenAnswer('it is said to have changed, and has not');
  return undefined;
}

/** @returns the etag; undefined where the condition does not hold */
export async function put(
  connection: Connection,
  key: string,
  bytes: Uint8Array,
  condition?: Condition,
): Promise<string | undefined> {
  const { sdk, bucket, full, describe, ask } = connection;
  const input = { Bucket: bucket, Key: full(key), Body: bytes, ...headersOf(condition) };
  let unsure = false;
  const send = async (one: Try) => {
    try {
      const { ETag } = await sdk.send(new PutObjectCommand(input), one);
      if (ETag === undefined) throw new BrokenAnswer('the answer has no etag');
      return ETag;
    } catch (error) {
      const verdict = verdictOf(error);
      const refused = verdict === 'Refused' || verdict === 'Missing'; // 404: there is none that could match
      if (condition !== undefined && refused) return lookAfter(connection, key, bytes, condition, unsure);
      unsure ||= verdict === 'Again';
      throw error;
    }
  };
  const answer = await ask(key, send, bytes.length);
  if (answer !== 'Missing' && answer !== 'Refused') return answer;
  throw new DdrError('FileAccess', 'the server does not take it', { where: describe(key) });
}

/** What is not there is removed already. */
export async function remove({ sdk, bucket, full, ask }: Connection, keys: readonly string[]): Promise<void> {
  const removeOne = (key: string) =>
    ask(key, (one) => sdk.send(new DeleteObjectCommand({ Bucket: bucket, Key: full(key) }), one));
  for (let at = 0; at < keys.length; at += atOnce) await Promise.all(keys.slice(at, at + atOnce).map(removeOne));
}

/** An object as a copy names its source. */
export const copySource = ({ bucket, full }: Connection, key: string): string =>
  [bucket, ...full(key).split('/')].map(encodeURIComponent).join('/');

/** Copies within the server, in one request. @returns whether there was something to copy */
export async function copyWhole(
  connection: Connection,
  { key: from, size }: Pick<S3Object, 'key' | 'size'>,
  to: string,
): Promise<boolean> {
  const { sdk, bucket, full, ask } = connection;
  const input = { Bucket: bucket, Key: full(to), CopySource: copySource(connection, from) };
  const answer = await ask(from, (one) => sdk.send(new CopyObjectCommand(input), one), size);
  return typeof answer !== 'string';
}
