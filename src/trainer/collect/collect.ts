import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { CollectTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { copyFinal } from '../artifacts/copyFinal.ts';
import { loadFinal } from '../artifacts/finalModel.ts';
import { loadOrName, loadOrQuarantine, makeAnew } from '../artifacts/records.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';

const stopped = 'stopped; the models that are collected are kept';

type Model = CollectTask['models'][number];

/** Copies one model, unless it is there and whole. @throws DdrError ModelMissing, DigestMismatch naming it */
async function collect(
  { index, hash }: Model,
  folder: string,
  context: TrainerContext,
  stillSaving: () => Promise<void>,
): Promise<void> {
  const { store, models, logger } = context;
  await store.removePartial({ folder });
  if ((await loadOrQuarantine(store, folder, () => loadFinal(store, folder, hash), logger)) !== undefined) return;
  const from = models?.get(index);
  const name = `model ${index}`;
  const isCopied = from && (await loadOrName(name, name, () => copyFinal(from, store, folder, hash, stillSaving)));
  if (!isCopied) {
    throw new DdrError('ModelMissing', `${name} is neither on a claim of its own nor was it collected before`, {
      where: (from ?? store).describe(folder),
      hint: makeAnew(name),
    });
  }
  logger.info({ model: index, from: from.describe(folder) }, 'model collected');
}

/**
 * Gathers trained models from claims of their own in the run's. What is there and whole is kept, so that a stopped one goes on
 * where it was, and a model whose claim has been given back is only verified.
 * @throws DdrError ModelMissing, DigestMismatch naming the model, DiskFull, Interrupted
 */
export async function runCollect(task: CollectTask, context: TrainerContext): Promise<TaskResult> {
  const total = task.models.length;
  for (const [done, model] of task.models.entries()) {
    const stillSaving = async () => {
      context.progress({ phase: 'Saving', done, total });
      await stopIfAsked(context, stopped);
    };
    await stillSaving();
    await collect(model, runLayout(task.directory).model(model.hash).final, context, stillSaving);
  }
  context.progress({ phase: 'Done', done: total, total });
  return { kind: 'collect', models: total };
}
