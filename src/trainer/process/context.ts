import type { Logger } from 'pino';
import type { Progress } from '../../api/progress.ts';

/** What a subcommand is given besides its task. */
export interface TrainerContext {
  volumes: {
    /** The run's volume, read-write. */
    run: string;
    data?: string | undefined;
    reference?: string | undefined;
    weights?: string | undefined;
  };
  logger: Logger;
  /** Reports where the work is; cheap, may be called often. */
  progress: (progress: Progress) => void;
  /** Aborted on SIGTERM and SIGINT: save and end with Interrupted. */
  signal: AbortSignal;
  /** Seconds, monotonic; for speeds only. Nothing that is written depends on it, but timings. */
  seconds: () => number;
  /** Which shard this pod is. */
  completionIndex: number;
}
