import type { Task } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import type { TrainerContext } from '../context/context.ts';

type Subcommand<T extends Task> = (task: T, context: TrainerContext) => Promise<TaskResult>;

/** The subcommand of each kind of task. It is loaded when it is needed: aggregation does not wait for TensorFlow. */
const subcommands: { [T in Task as T['kind']]: () => Promise<Subcommand<T>> } = {
  prepare: async () => (await import('../prepare/prepare.ts')).runPrepare,
  train: async () => {
    const { runTrain } = await import('../train/train.ts');
    return async (task, context) => {
      // Loaded only where it is needed: most trainings find their data prepared.
      if (task.source !== undefined) await (await import('../prepare/again.ts')).prepareAgain(task, context);
      return runTrain(task, context);
    };
  },
  collect: async () => (await import('../collect/collect.ts')).runCollect,
  aggregate: async () => (await import('../aggregate/aggregate.ts')).runAggregate,
  sample: async () => (await import('../sample/sample.ts')).runSample,
  evaluate: async () => (await import('../evaluate/evaluate.ts')).runEvaluate,
};

export async function runTask(task: Task, context: TrainerContext): Promise<TaskResult> {
  // The table pairs every kind with its task, which indexing by a union loses.
  const subcommand = (await subcommands[task.kind]()) as Subcommand<Task>;
  return subcommand(task, context);
}
