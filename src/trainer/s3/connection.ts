import { S3Client as Sdk } from '@aws-sdk/client-s3';
import { compact } from '../../api/compact.ts';
import type { ErrorCode } from '../../api/errors.ts';
import { addressingOf, describeS3, type S3Place } from '../../api/spec/s3.ts';
import { failureOf, verdictOf } from './failures.ts';
import { type Patience, persist, type Try, usualPatience } from './retry.ts';

/** Of a Secret. Where there are none, the SDK finds those of the pod's identity. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface S3Options {
  patience?: Partial<Patience>;
  /** Code of an error that did not pass: that of a store, or SourceUnavailable. */
  unavailable?: ErrorCode;
  /** Bytes of a part of a large object, 5 MiB at least; and of the largest object that is copied in one request. */
  partBytes?: number;
  copyBytes?: number;
  /** Keys of a page of a listing; as many as the server gives where left out. */
  pageKeys?: number;
}

/** What every request is made with. Keys are relative to the place's prefix; `full` is what the server calls them. */
export interface Connection {
  sdk: Sdk;
  bucket: string;
  pageKeys: number | undefined;
  full(key: string): string;
  /** The part of a full name below the prefix. */
  relative(full: string): string;
  describe(key: string): string;
  /**
   * Asks until there is an answer.
   * @param key said in errors
   * @param bytes that are sent, or copied by the server; none where left out
   * @returns what the server said, or that there is no such object, or that the condition did not hold
   * @throws DdrError FileAccess, DiskFull, and the code of {@link S3Options.unavailable}
   */
  ask<T>(key: string, attempt: (one: Try) => Promise<T>, bytes?: number): Promise<T | 'Missing' | 'Refused'>;
  /** The same with little patience, for what need not succeed. */
  hurried(): Connection;
}

/** Milliseconds of little patience. */
const shortly = 5000;

function sdkOf(place: S3Place, credentials: S3Credentials | undefined, idle: number): Sdk {
  const { endpoint, region } = place;
  return new Sdk({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: addressingOf(place) === 'Path',
    ...(credentials && { credentials: compact(credentials) }),
    maxAttempts: 1, // what is tried again, and what a try that nobody heard of may have done, is known here
    // Stores that are not Amazon's refuse checksums in trailers. What is sent is signed with its sha256, what is kept has a record.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: Math.min(10_000, idle) },
  });
}

/** @param credentials of the pod's identity where left out */
export function connect(place: S3Place, credentials: S3Credentials | undefined, options: S3Options): Connection {
  const { unavailable = 'FileAccess' } = options;
  const patience = { ...usualPatience, ...options.patience };
  const beginning = place.prefix === '' ? '' : `${place.prefix.replace(/\/+$/, '')}/`;
  const root = describeS3(place);
  const describe = (key: string) => (key === '' ? root : `${root}/${key}`);
  const sdk = sdkOf(place, credentials, patience.idle);
  const connectionWith = (patience: Patience): Connection => ({
    sdk,
    bucket: place.bucket,
    pageKeys: options.pageKeys,
    full: (key) => beginning + key,
    relative: (full) => full.slice(beginning.length),
    describe,
    async ask(key, attempt, bytes) {
      try {
        return await persist(patience, (error) => verdictOf(error) === 'Again', attempt, bytes);
      } catch (error) {
        const verdict = verdictOf(error);
        if (verdict === 'Missing' || verdict === 'Refused') return verdict;
        throw failureOf(error, describe(key), unavailable);
      }
    },
    hurried: () =>
      connectionWith({
        ...patience,
        budget: Math.min(shortly, patience.budget),
        idle: Math.min(shortly, patience.idle),
      }),
  });
  return connectionWith(patience);
}
