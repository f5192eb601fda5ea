import type { EvaluateTask, TrainTask } from '../../api/task.ts';
import type { Streaming } from '../artifacts/openIndex.ts';
import type { TrainerContext } from './context.ts';

/** Where a task's images are streamed from; undefined where they are in the store. */
export const streamingOf = (
  { stream }: Pick<TrainTask | EvaluateTask, 'stream'>,
  { volumes, dataCredentials, cache }: Pick<TrainerContext, 'volumes' | 'dataCredentials' | 'cache'>,
): Streaming | undefined =>
  stream && {
    dataset: stream,
    access: { volume: volumes.data, credentials: dataCredentials },
    cacheFolder: cache,
  };
