import { DdrError } from '../../api/errors.ts';
import { datasetKey, runLayout } from '../../api/layout.ts';
import type { TrainTask } from '../../api/task.ts';
import type { TrainerContext } from '../context/context.ts';
import { runPrepare } from './prepare.ts';
import { isWhole } from './writeDataset.ts';

/**
 * Prepares the data of a training in its own store, where the task says that they are not in it: as the run's prepare step has
 * done in another. Nothing is read where they are there, or the model is.
 * @throws DdrError DataChanged where they are others than that step found, and what preparing throws
 */
export async function prepareAgain(task: TrainTask, context: TrainerContext): Promise<void> {
  const { source, directory, hash } = task;
  const { store } = context;
  if (source === undefined) return;
  if (await store.exists(runLayout(directory).model(hash).final)) return;
  if (await isWhole(store, task.dataset)) return;
  const { prepared, dataset, codec } = source;
  const result = await runPrepare({ kind: 'prepare', directory, hash: prepared, dataset, codec }, context);
  const wanted = datasetKey(task.dataset);
  if (result.kind !== 'prepare' || result.dataset === wanted) return;
  await store.remove(result.dataset); // of no use to anybody, and it takes the room of the model
  throw new DdrError(
    'DataChanged',
    `the data are now ${result.dataset}, and were ${wanted} when the run was prepared`,
    {
      where: store.describe(result.dataset),
      hint: 'Set dataset.revision to another text: the data are then prepared anew for all models.',
    },
  );
}
