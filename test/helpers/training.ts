import { modelSchema } from '../../src/api/spec/model.ts';
import { scheduleSchema } from '../../src/api/spec/schedule.ts';
import type { TrainTask } from '../../src/api/task.ts';
import { training } from './unet.ts';

/** The task of a small model of two states, of 8×8 images. @param dataset its address */
export const trainTask = (dataset: string, fields: Partial<TrainTask> = {}): TrainTask => ({
  kind: 'train',
  directory: 'runs/test',
  hash: '0123456789abcdef',
  index: 0,
  schedule: scheduleSchema.parse({ states: 4, statesPerModel: 2 }),
  dataset,
  model: modelSchema.parse({ baseChannels: 8, channelMultipliers: [1, 2] }),
  training: training({ images: 40 }),
  checkpoints: { everyImages: 1000, keep: 1 },
  ...fields,
});
