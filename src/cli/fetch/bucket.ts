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

// The SDK is loaded where a bucket is meant: it takes longer to load than most commands take.

/** Opens a place to read, with the caller's credentials. */
export async function readBucket(place: S3Place): Promise<StoreReader> {
  const { createS3Store } = await import('../../trainer/artifacts/s3Store.ts');
  const { createS3Client } = await import('../../trainer/s3/client.ts');
  return createS3Store(createS3Client(place));
}

/** Opens a place to write, with the caller's credentials. @throws DdrError StoreUnsuitable, FileAccess */
export async function writeBucket(place: S3Place): Promise<ArtifactStore> {
  const { openS3Store } = await import('../../trainer/artifacts/s3Store.ts');
  return openS3Store(place);
}
