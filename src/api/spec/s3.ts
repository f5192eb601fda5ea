import { z } from 'zod';
import { objectName, relativePathIn } from '../rules.ts';

const endpoint = z
  .string()
  .max(1024)
  .regex(
    /^https?:\/\/[A-Za-z0-9.\-[\]:]+(\/[A-Za-z0-9._~\-/]*)?$/,
    'must be a URL such as https://minio.example:9000: http or https, a host, perhaps a port and a path; credentials are in the Secret',
  );

const bucket = z
  .string()
  .min(3)
  .max(63)
  .regex(/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/, 'must be the name of a bucket: 3 to 63 lower case letters, digits, - and .');

/** Where objects are, and how one gets at them. Credentials are no part of it: they come by the environment. */
export const s3PlaceSchema = z.strictObject({
  endpoint: endpoint
    .optional()
    .describe("URL of the server, http or https; that of Amazon's S3 in the region where left out."),
  bucket: bucket.describe('Name of the bucket, which must be there.'),
  prefix: relativePathIn('the bucket')
    .default('')
    .describe('Folder inside the bucket that all keys are below; empty for the whole bucket.'),
  region: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a region, such as eu-central-1')
    .default('us-east-1')
    .describe('Region that requests are signed for; most servers other than Amazon take any.'),
  addressing: z
    .enum(['Path', 'VirtualHost'])
    .optional()
    .describe(
      'Where a request names the bucket: Path, as https://host/bucket/key, or VirtualHost, as https://bucket.host/key. Where left out, Path with an endpoint and VirtualHost without.',
    ),
  secretName: objectName
    .optional()
    .describe(
      "Secret in the run's namespace with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where they are temporary, AWS_SESSION_TOKEN. Where left out, the pod's own identity is used.",
    ),
});

export type S3Place = z.output<typeof s3PlaceSchema>;

/** Keys of the Secret; those that are not optional have to be there. */
export const credentialKeys = [
  { key: 'AWS_ACCESS_KEY_ID', optional: false },
  { key: 'AWS_SECRET_ACCESS_KEY', optional: false },
  { key: 'AWS_SESSION_TOKEN', optional: true },
] as const;

/** What begins the variables with the credentials of the data, and of the store: DDR_DATA_AWS_ACCESS_KEY_ID. */
export type CredentialPurpose = 'DDR_DATA' | 'DDR_STORE';

/** How the bucket is named in requests. */
export const addressingOf = ({ addressing, endpoint }: S3Place): 'Path' | 'VirtualHost' =>
  addressing ?? (endpoint === undefined ? 'VirtualHost' : 'Path');

/** A place as people are shown it: s3://bucket/prefix. */
export const describeS3 = ({ bucket, prefix }: Pick<S3Place, 'bucket' | 'prefix'>): string =>
  `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}`;
