import type { S3Place } from '../../api/spec/s3.ts';
import { type Connection, connect, type S3Credentials, type S3Options } from './connection.ts';
import { abandon, type ListedMultipart, listMultiparts } from './multipart.ts';
import { any, type Found, get, head, type Listing, list, range, type S3Object, type S3Part } from './read.ts';
import { copy, upload } from './upload.ts';
import { type Condition, put, remove } from './write.ts';

/**
 * The objects of a place in S3. Keys are relative to the place's prefix, with /. What may pass is asked for again, until the
 * budget of patience is spent; a lost answer to a write is found out about rather than guessed.
 * Every method throws DdrError FileAccess where the server refuses (with the remedy), DiskFull where it has no room, and
 * FileAccess, or the code that was asked for, where it does not answer.
 */
export interface S3Client {
  /** What people are shown: s3://bucket/prefix/key, or the place where left out. */
  describe(key?: string): string;
  /** Size and etag; undefined where it is not there. */
  head(key: string): Promise<S3Object | undefined>;
  /** All of an object; undefined where it is not there. */
  get(key: string): Promise<S3Part | undefined>;
  /**
   * At least one byte of an object: fewer than were asked for where it ends before, and none after its end.
   * @param part `etag`: of the object that is meant; of any where left out
   */
  range(key: string, part: { offset: number; length: number; etag?: string | undefined }): Promise<Found>;
  /** Objects whose keys begin so, in the order of UTF-8. With a delimiter, those that have one further on only as what is before. */
  list(prefix: string, delimiter?: string): Promise<Listing>;
  /** Whether there is an object whose key begins so. */
  any(prefix: string): Promise<boolean>;
  /**
   * Writes an object. Of two that may only be written where there is none, one is.
   * @returns its etag; undefined where the condition does not hold
   */
  put(key: string, bytes: Uint8Array, condition?: Condition): Promise<string | undefined>;
  /** Writes an object as its bytes come, in bounded memory: there once all have come, and not before. */
  upload(key: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /** Copies an object of this place within the server. @returns whether it was there */
  copy(from: Pick<S3Object, 'key' | 'size'>, to: string): Promise<boolean>;
  /** Those that are not there are removed already. */
  remove(keys: readonly string[]): Promise<void>;
  /** Ends uploads that are under way to keys that begin so, where they are lost. */
  abandonUploads(prefix: string, isLost: (upload: ListedMultipart) => boolean): Promise<void>;
  /** The same with little patience, for what need not succeed. */
  hurried(): S3Client;
}

function clientOf(connection: Connection, options: S3Options): S3Client {
  return {
    describe: (key = '') => connection.describe(key),
    head: (key) => head(connection, key),
    get: (key) => get(connection, key),
    range: (key, part) => range(connection, key, part),
    list: (prefix, delimiter) => list(connection, prefix, delimiter),
    any: (prefix) => any(connection, prefix),
    put: (key, bytes, condition) => put(connection, key, bytes, condition),
    upload: (key, pieces) => upload(connection, key, pieces, options.partBytes),
    copy: (from, to) => copy(connection, from, to, options.copyBytes),
    remove: (keys) => remove(connection, keys),
    async abandonUploads(prefix, isLost) {
      const uploads = await listMultiparts(connection, prefix);
      for (const upload of uploads.filter(isLost)) await abandon(connection, upload);
    },
    hurried: () => clientOf(connection.hurried(), options),
  };
}

/** @param credentials those of the pod's identity where left out */
export const createS3Client = (
  place: S3Place,
  credentials?: S3Credentials | undefined,
  options: S3Options = {},
): S3Client => clientOf(connect(place, credentials, options), options);
