import { z } from 'zod';
import { logLevel, parseVariables, port, wholeNumber } from '../../api/environment.ts';
import { type CredentialPurpose, s3PlaceSchema } from '../../api/spec/s3.ts';
import type { S3Credentials } from '../s3/connection.ts';

const folder = z.string();

/** JSON of a place, as the operator writes it. */
const place = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(s3PlaceSchema);

/** Out of a Secret, where the run names one. */
const secret = z.string().optional();

const schema = z.object({
  /** The run's volume, read-write; or the bucket in place of it. One of the two is there. */
  DDR_RUN_DIR: folder.optional(),
  DDR_STORE: place.optional(),
  DDR_STORE_AWS_ACCESS_KEY_ID: secret,
  DDR_STORE_AWS_SECRET_ACCESS_KEY: secret,
  DDR_STORE_AWS_SESSION_TOKEN: secret,
  DDR_DATA_AWS_ACCESS_KEY_ID: secret,
  DDR_DATA_AWS_SECRET_ACCESS_KEY: secret,
  DDR_DATA_AWS_SESSION_TOKEN: secret,
  DDR_DATA_DIR: folder.optional(),
  DDR_REFERENCE_DIR: folder.optional(),
  DDR_WEIGHTS_DIR: folder.optional(),
  DDR_CODEC_DIR: folder.optional(),
  DDR_WARMSTART_DIR: folder.optional(),
  /** Disk for what is fetched of data that are streamed. */
  DDR_CACHE_DIR: folder.optional(),
  /** Port of /healthz, /progress and /metrics; none where left out. */
  DDR_HTTP_PORT: port.optional(),
  /** File for the termination message; none where left out. */
  DDR_TERMINATION_LOG: folder.optional(),
  /** 1: end as on SIGTERM when standard input closes, because the process that started this one is gone. */
  DDR_EXIT_WITH_PARENT: z.enum(['0', '1']).default('0'),
  DDR_LOG_LEVEL: logLevel.default('info'),
  /** The GPUs that NVIDIA's container runtime has given to this container. */
  NVIDIA_VISIBLE_DEVICES: z.string().default(''),
  /** Which shard of an Indexed Job; Kubernetes sets it. */
  JOB_COMPLETION_INDEX: wholeNumber(0, 2 ** 31 - 1).default(0),
});

export type TrainerEnvironment = z.output<typeof schema>;

/** Credentials of the data's bucket, or of the store's; undefined where there are none, and the process has an identity. */
export function credentialsOf(environment: TrainerEnvironment, purpose: CredentialPurpose): S3Credentials | undefined {
  const accessKeyId = environment[`${purpose}_AWS_ACCESS_KEY_ID`];
  const secretAccessKey = environment[`${purpose}_AWS_SECRET_ACCESS_KEY`];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: environment[`${purpose}_AWS_SESSION_TOKEN`] };
}

/** @throws DdrError InvalidTask naming each wrong variable */
export const parseEnvironment = (variables: NodeJS.ProcessEnv): TrainerEnvironment =>
  parseVariables(schema, variables, 'InvalidTask', 'environment');
