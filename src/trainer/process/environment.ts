import { z } from 'zod';
import { logLevel, parseVariables, port, wholeNumber } from '../../api/environment.ts';

const folder = z.string();

const schema = z.object({
  /** The run's volume, read-write. */
  DDR_RUN_DIR: folder,
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

/** @throws DdrError InvalidTask naming each wrong variable */
export const parseEnvironment = (variables: NodeJS.ProcessEnv): TrainerEnvironment =>
  parseVariables(schema, variables, 'InvalidTask', 'environment');
