import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { describeIssues } from '../../api/run.ts';

const folder = z.string().min(1);

const schema = z.object({
  /** The run's volume, read-write. */
  DDR_RUN_DIR: folder,
  DDR_DATA_DIR: folder.optional(),
  DDR_REFERENCE_DIR: folder.optional(),
  DDR_WEIGHTS_DIR: folder.optional(),
  /** Port of /healthz, /progress and /metrics; none where left out. */
  DDR_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** File for the termination message; none where left out. */
  DDR_TERMINATION_LOG: folder.optional(),
  /** 1: end as on SIGTERM when standard input closes, because the process that started this one is gone. */
  DDR_EXIT_WITH_PARENT: z.enum(['0', '1']).default('0'),
  DDR_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** The GPUs that NVIDIA's container runtime has given to this container. */
  NVIDIA_VISIBLE_DEVICES: z.string().default(''),
  /** Which shard of an Indexed Job; Kubernetes sets it. */
  JOB_COMPLETION_INDEX: z.coerce.number().int().min(0).default(0),
});

export type TrainerEnvironment = z.output<typeof schema>;

/**
 * Every variable that this process reads, but for the task. One that is set to nothing counts as not set, as in a shell.
 * @throws DdrError InvalidTask naming each wrong variable
 */
export function parseEnvironment(variables: NodeJS.ProcessEnv): TrainerEnvironment {
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== '')));
  if (parsed.success) return parsed.data;
  throw new DdrError('InvalidTask', describeIssues(parsed.error).join('; '), { where: 'environment' });
}
