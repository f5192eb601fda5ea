import { DdrError, type ErrorCode, toDdrError } from '../../api/errors.ts';

/** An answer that cannot be the whole of what the server said: it is asked again. */
export class BrokenAnswer extends Error {}

/** What an error means for whoever asked: it may pass, or the object is not there, or its condition did not hold, or neither. */
export type Verdict = 'Again' | 'Missing' | 'Refused' | 'Final';

interface Said {
  /** The server's code, such as NoSuchKey, or that of the network, such as ECONNRESET. */
  code: string;
  status: number | undefined;
  message: string;
}

function saidBy(error: unknown): Said {
  if (!(error instanceof Error)) return { code: '', status: undefined, message: String(error) };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  const status = $metadata?.httpStatusCode;
  return { code: status === undefined && typeof code === 'string' ? code : error.name, status, message: error.message };
}

/** Codes of answers below 500 that another try may not get. */
const passing = new Set([
  ...['RequestTimeout', 'RequestTimeTooSkewed', 'IncompleteBody', 'BadDigest', 'XAmzContentSHA256Mismatch'],
  ...['ConditionalRequestConflict', 'OperationAborted', 'SlowDown', 'Throttling', 'ThrottlingException'],
]);

/** Of an object, or of an upload: 404 is said of buckets, and by some servers of keys that they do not know, too. */
const absent = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

const unprovenCertificate = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'],
]);

/** Names of errors that the SDK has of an answer which it cannot read, instead of the server's code. */
const unreadable = new Set(['Error', 'SyntaxError', 'TypeError']);

const full = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']);

/** Errors of a connection: the network's, and of a try that was given up. */
const ofNetwork = (code: string): boolean =>
  /^(E[A-Z]+|EAI_AGAIN|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL_.*|HPE_.*|TimeoutError|AbortError)$/.test(code);

export function verdictOf(error: unknown): Verdict {
  if (error instanceof BrokenAnswer) return 'Again';
  const { code, status } = saidBy(error);
  if (status === undefined) return ofNetwork(code) ? 'Again' : 'Final';
  if (full.has(code) || status === 501 || status === 507) return 'Final';
  if (passing.has(code) || status >= 500 || status === 429 || status === 408) return 'Again';
  if (status < 300 || unreadable.has(code)) return 'Again';
  if (status === 412 || code === 'InvalidPart') return 'Refused';
  return absent.has(code) ? 'Missing' : 'Final';
}

const grant = 's3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload';

/** What a user does about a code of S3. */
const remedies: Record<string, { what: string; hint: string }> = {
  NoSuchBucket: {
    what: 'the bucket is not there',
    hint: 'Create it, or correct bucket, endpoint and addressing. What was in a deleted bucket is gone: the run makes it anew.',
  },
  AccessDenied: { what: 'access is denied', hint: `Give the key or the pod's identity ${grant} on this place.` },
  InvalidAccessKeyId: {
    what: 'the access key is not known',
    hint: 'Correct AWS_ACCESS_KEY_ID in the Secret: the next attempt reads it anew.',
  },
  SignatureDoesNotMatch: {
    what: 'the secret key does not belong to the access key',
    hint: 'Correct AWS_SECRET_ACCESS_KEY in the Secret: the next attempt reads it anew.',
  },
  ExpiredToken: { what: 'the credentials have expired', hint: 'Renew the Secret, its AWS_SESSION_TOKEN too.' },
  InvalidToken: { what: 'the session token is not valid', hint: 'Renew the Secret, its AWS_SESSION_TOKEN too.' },
  PermanentRedirect: { what: 'the bucket is in another region', hint: 'Correct region, or endpoint.' },
  AuthorizationHeaderMalformed: { what: 'the bucket is in another region', hint: 'Correct region, or endpoint.' },
  CredentialsProviderError: {
    what: 'there are no credentials',
    hint: "Name a Secret with secretName, or give the pod's service account an identity that may use the bucket.",
  },
  NotImplemented: { what: 'the server cannot do what is asked', hint: 'Use a store with the whole of S3 for objects.' },
};

function remedyOf({ code, status }: Said): { what: string; hint: string } | undefined {
  if (unprovenCertificate.has(code))
    return {
      what: 'the certificate of the server cannot be verified',
      hint: 'Name the file of its authority in NODE_EXTRA_CA_CERTS.',
    };
  if (Object.hasOwn(remedies, code)) return remedies[code];
  if (status === 403) return remedies.AccessDenied;
  return status === 301 ? remedies.PermanentRedirect : undefined;
}

/**
 * What a user is told of an error.
 * @param where the object or place that was asked for
 * @param unavailable code of one that has not passed for as long as was asked
 */
export function failureOf(cause: unknown, where: string, unavailable: ErrorCode): DdrError {
  if (cause instanceof DdrError) return cause;
  const said = saidBy(cause);
  const told = `${said.message} (${[said.code, said.status].filter((part) => part !== undefined).join(', ')})`;
  if (full.has(said.code) || said.status === 507)
    return new DdrError('DiskFull', told, { where, hint: 'Give the bucket more room or delete old runs.', cause });
  if (verdictOf(cause) === 'Again')
    return new DdrError(unavailable, `the store does not answer as it should: ${told}`, {
      where,
      hint: 'Look whether the endpoint is right, up, and reached from the pods; the next attempt goes on from what is there.',
      cause,
    });
  const remedy = remedyOf(said);
  if (remedy !== undefined)
    return new DdrError('FileAccess', `${remedy.what}: ${told}`, { where, hint: remedy.hint, cause });
  if (said.status === undefined) return toDdrError(cause);
  return new DdrError('FileAccess', told, { where, cause });
}
