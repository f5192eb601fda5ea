import { DdrError } from '../../api/errors.ts';
import { networkShape } from '../../api/spec/codec.ts';
import type { PrepareTask } from '../../api/task.ts';
import { latentStates, partitionModels } from '../../diffusion/latentStates.ts';
import { conditionsOf } from '../artifacts/conditions.ts';
import type { TrainerContext } from '../context/context.ts';
import { beginnerOf } from '../warmStart/beginner.ts';
import { openWarmStart, warmStartFiles } from '../warmStart/open.ts';

type Volumes = TrainerContext['volumes'];

/** Paths of the weights that models begin from, resolved; none where they begin anew. @throws DdrError InputMissing, InputUnsafe */
export async function warmStartPaths({ warmStart }: PrepareTask, volumes: Volumes): Promise<string[]> {
  return warmStart === undefined ? [] : warmStartFiles(warmStart, volumes.warmStart);
}

/**
 * Reads the weights that models begin from, before a GPU is asked for: they are whole, and fit every network of the run.
 * @param onParameter told after each one; may throw to stop
 * @returns sha256 over what is read; undefined where models begin anew
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputMismatch naming file and field
 */
export async function checkWarmStart(
  { warmStart, dataset, codec }: PrepareTask,
  volumes: Volumes,
  onParameter: () => Promise<void>,
): Promise<string | undefined> {
  if (warmStart === undefined) return undefined;
  const { schedule, networks } = warmStart;
  const start = await openWarmStart(warmStart, volumes.warmStart);
  const image = codec === undefined ? dataset.image : networkShape(dataset.image, codec);
  const states = partitionModels(latentStates(schedule), schedule.statesPerModel);
  for (const { models, ...network } of networks) {
    const beginner = beginnerOf(network, schedule.statesPerModel, image, conditionsOf(dataset));
    for (const source of new Set(models.map((index) => start.sourceOf(states[index] ?? [])))) {
      for await (const { name, values } of source.weightsFor(beginner)) {
        if (!values.every(Number.isFinite))
          throw new DdrError('InputForeign', `has values that are not finite numbers, in ${name}`, {
            where: source.where,
          });
        await onParameter();
      }
    }
  }
  return start.digest;
}
