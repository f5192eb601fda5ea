import { DdrError } from '../../api/errors.ts';
import { type S3Place, s3PlaceSchema } from '../../api/spec/s3.ts';
import type { ArtifactStore, StoreReader } from '../../trainer/artifacts/store.ts';

const scheme = 's3://';

export const isBucketUrl = (text: string): boolean => text.startsWith(scheme);

/** How the caller reaches a place: by the server and the region of its own variables, where they are set. */
export function asCaller(place: S3Place, environment: NodeJS.ProcessEnv): S3Place {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = environment;
  const endpoint = AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL || place.endpoint;
  const region = AWS_REGION || AWS_DEFAULT_REGION || place.region;
  return { ...place, region, ...(endpoint !== undefined && { endpoint }) };
}

/**
 * The place that s3://bucket/prefix names.
 * @throws DdrError InvalidSpec
 */
export function bucketAt(url: string, environment: NodeJS.ProcessEnv): S3Place {
  const [bucket, ...prefix] = url.slice(scheme.length).replace(/\/+$/, '').split('/');
  const parsed = s3PlaceSchema.safeParse({ bucket, prefix: prefix.join('/') });
  if (parsed.success) return asCaller(parsed.data, environment);
  throw new DdrError(
    'InvalidSpec',
    parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
    {
      where: url,
      hint: 'A bucket is named as in s3://bucket/prefix.',
    },
  );
}

/** What pods are told to put into a Secret, the caller has in variables. */
function forCaller(error: unknown): never {
  if (!(error instanceof DdrError) || error.code !== 'FileAccess' || !/Secret|identity/.test(error.hint ?? ''))
    throw error;
  throw new DdrError('AccessDenied', error.message, {
    where: error.where,
    hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where they are temporary, or AWS_PROFILE, to a key that may read this place.',
    cause: error,
  });
}

// The SDK is loaded where a bucket is meant: it takes longer to load than most commands take.

/** Opens a place to read, with the caller's credentials. What is asked of it throws AccessDenied where those do not suffice. */
export async function readBucket(place: S3Place): Promise<StoreReader> {
  const { createS3Store } = await import('../../trainer/artifacts/s3Store.ts');
  const { createS3Client } = await import('../../trainer/s3/client.ts');
  const { describe, exists, read, readRange, list } = createS3Store(createS3Client(place));
  return {
    describe,
    exists: (key) => exists(key).catch(forCaller),
    read: (key) => read(key).catch(forCaller),
    readRange: (key, offset, length) => readRange(key, offset, length).catch(forCaller),
    list: (key) => list(key).catch(forCaller),
  };
}

/** Opens a place to write, with the caller's credentials. @throws DdrError StoreUnsuitable, AccessDenied, FileAccess */
export async function writeBucket(place: S3Place): Promise<ArtifactStore> {
  const { openS3Store } = await import('../../trainer/artifacts/s3Store.ts');
  return openS3Store(place).catch(forCaller);
}
