import { pino } from 'pino';
import { modelSchema } from '../../src/api/spec/model.ts';
import { scheduleSchema } from '../../src/api/spec/schedule.ts';
import { trainingSchema } from '../../src/api/spec/training.ts';
import type { TrainTask } from '../../src/api/task.ts';
import type { TrainerContext } from '../../src/trainer/context/context.ts';
import { runTrain } from '../../src/trainer/train/train.ts';

const hash = 'b'.repeat(16);

/** Trains a small network on a dataset that is streamed. @returns share of its steps' time that it has waited for data */
export async function shareOfWaiting(
  { dataset, stream }: Pick<TrainTask, 'dataset' | 'stream'>,
  context: Pick<TrainerContext, 'store' | 'volumes' | 'dataCredentials' | 'cache'>,
  images: number,
): Promise<number> {
  let share = Number.NaN;
  const write = (line: string) => {
    const { waitedForData } = JSON.parse(line) as { waitedForData?: number };
    if (waitedForData !== undefined) share = waitedForData;
  };
  const task: TrainTask = {
    kind: 'train',
    directory: 'runs/bench',
    hash,
    index: 0,
    schedule: scheduleSchema.parse({ states: 10 }),
    dataset,
    stream,
    model: modelSchema.parse({ baseChannels: 32, channelMultipliers: [1, 2, 2], residualBlocks: 1 }),
    training: trainingSchema.parse({ images, batchSize: 32, threads: 1 }),
    checkpoints: { everyImages: 2 ** 30, keep: 1 },
  };
  await context.store.remove('runs/bench');
  await runTrain(task, {
    ...context,
    logger: pino({ base: null }, { write }),
    progress: () => {},
    signal: new AbortController().signal,
    seconds: () => performance.now() / 1000,
    gpuGiven: false,
    completionIndex: 0,
  });
  return share;
}
