import { DdrError } from '../../api/errors.ts';
import type { TrainTask } from '../../api/task.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import type { TrainerContext } from '../context/context.ts';
import type { NamedValues } from '../model/parameterGroups.ts';
import { openWarmStart } from '../warmStart/open.ts';
import type { Beginner } from '../warmStart/source.ts';

/**
 * The weights that a training begins with, where the task names some; undefined where it begins anew. They are read as they
 * are asked for.
 * @param states of the model
 * @throws DdrError DataChanged where they are others than when the run was prepared, InputMismatch, and what reading them throws
 */
export async function startingWeights(
  { training: { warmStart }, warmStartDigest }: Pick<TrainTask, 'training' | 'warmStartDigest'>,
  network: Beginner,
  states: readonly LatentState[],
  { volumes, logger }: Pick<TrainerContext, 'volumes' | 'logger'>,
): Promise<AsyncGenerator<NamedValues> | undefined> {
  if (warmStart === undefined) return undefined;
  const start = await openWarmStart(warmStart, volumes.warmStart);
  if (warmStartDigest !== undefined && warmStartDigest !== start.digest) {
    throw new DdrError('DataChanged', 'the weights to begin from are others than when the run was prepared', {
      where: start.where,
      hint: 'Set dataset.revision to another text: what the run reads is then checked and noted anew.',
    });
  }
  const source = start.sourceOf(states);
  logger.info({ from: source.where, digest: start.digest }, 'begins from weights that exist');
  return source.weightsFor(network);
}
