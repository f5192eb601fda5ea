import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DdrError } from '../../api/errors.ts';
import type { Progress } from '../../api/progress.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { S3Credentials } from '../s3/connection.ts';

/** What a subcommand is given besides its task. */
export interface TrainerContext {
  /** Where all lies that subcommands make. */
  store: ArtifactStore;
  /** Folders of inputs, read-only. */
  volumes: {
    data?: string | undefined;
    reference?: string | undefined;
    weights?: string | undefined;
    codec?: string | undefined;
    warmStart?: string | undefined;
  };
  /** Of the data's bucket, where they are in one and it has a Secret. */
  dataCredentials?: S3Credentials | undefined;
  /** Folder for what is fetched of data that are not on a volume; none where nothing of them is kept. */
  cache?: string | undefined;
  logger: Logger;
  /** Reports where the work is; cheap, may be called often. */
  progress: (progress: Progress) => void;
  /** Aborted on SIGTERM, SIGINT and SIGHUP: save and end with Interrupted. */
  signal: AbortSignal;
  /** Seconds, monotonic; for speeds only. Nothing that is written depends on it, but timings. */
  seconds: () => number;
  /** Whether the container runtime has given this process a GPU. */
  gpuGiven: boolean;
  /** Which shard this pod is. */
  completionIndex: number;
}

/**
 * Lets signals in, which wait while TensorFlow computes, and ends the work where one asks to. Call it after every batch.
 * @param message what is said of the interrupted work
 * @throws DdrError Interrupted
 */
export async function stopIfAsked({ signal }: TrainerContext, message: string): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw new DdrError('Interrupted', message);
}

/**
 * The same for what comes before the work itself, such as reading the data: it also shows that the process is alive, and
 * is not yet work that is done.
 * @throws DdrError Interrupted
 */
export async function stillStarting(context: TrainerContext): Promise<void> {
  context.progress({ phase: 'Starting', done: 0, total: 0 });
  await stopIfAsked(context, 'stopped before the work began');
}
