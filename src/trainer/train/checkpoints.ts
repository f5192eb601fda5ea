import type { TrainTask } from '../../api/task.ts';
import { type Checkpoint, loadNewestCheckpoint } from '../artifacts/checkpoint.ts';
import type { TrainerContext } from '../context/context.ts';
import { emptyHistory } from './losses.ts';

/** Where training goes on: at the newest checkpoint, or at the beginning. @param folder of the checkpoints */
export async function startingPoint(
  { hash }: TrainTask,
  folder: string,
  { store, logger }: TrainerContext,
): Promise<Checkpoint> {
  const newest = await loadNewestCheckpoint(store, folder, hash, (path, error) =>
    logger.warn({ path, error: error.message }, 'damaged checkpoint quarantined'),
  );
  if (newest !== undefined) {
    logger.info({ images: newest.images }, 'resumed');
    return newest;
  }
  return { hash, images: 0, seconds: 0, ...emptyHistory() };
}

/** Whether the state is to be saved once `images` have been seen: every so many, but not at the end, where the model is saved. */
export const isDue = (images: number, { training, checkpoints }: TrainTask, total: number): boolean => {
  const saves = (seen: number) => Math.floor(seen / checkpoints.everyImages);
  return images < total && saves(images) > saves(images - training.batchSize);
};
