import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { ExitCode } from '../../api/exitCodes.ts';
import { parseTask, type Task, taskOfEnvironment, taskVariable } from '../../api/task.ts';
import { renderTermination, type TaskResult, type Termination } from '../../api/termination.ts';
import type { TrainerContext } from '../context/context.ts';
import { parseEnvironment } from './environment.ts';
import { startProgressServer } from './http.ts';
import { stopSignal, stopWithParent } from './stop.ts';

/** Lines of the log that go into the last word of a failed process. */
const tailLines = 12;

/** Each subcommand is loaded when it is needed: aggregation does not wait for TensorFlow. */
async function run(task: Task, context: TrainerContext): Promise<TaskResult> {
  switch (task.kind) {
    case 'train':
      return (await import('../train/train.ts')).runTrain(task, context);
    case 'aggregate':
      return (await import('../aggregate/aggregate.ts')).runAggregate(task, context);
    case 'sample':
      return (await import('../sample/sample.ts')).runSample(task, context);
    case 'evaluate':
      return (await import('../evaluate/evaluate.ts')).runEvaluate(task, context);
  }
}

/** One trainer process from its environment to its exit code. Never rejects. */
export async function runProcess(): Promise<ExitCode> {
  const tail: string[] = [];
  const write = (line: string) => {
    tail.push(line.trimEnd());
    if (tail.length > tailLines) tail.shift();
    process.stdout.write(line);
  };
  process.stdout.on('error', () => {}); // nobody reads any more, which must not keep the state from being saved
  const logger = pino({ base: null }, { write });
  const end = (termination: Termination): void => {
    const path = process.env.DDR_TERMINATION_LOG;
    if (path === undefined) return;
    try {
      writeFileSync(path, renderTermination(termination));
    } catch (error) {
      logger.warn({ path, error: toDdrError(error).message }, 'the last word cannot be written'); // the work counts
    }
  };
  try {
    const environment = parseEnvironment(process.env);
    logger.level = environment.DDR_LOG_LEVEL;
    if (environment.DDR_EXIT_WITH_PARENT === '1') stopWithParent();
    const task = parseTask(taskOfEnvironment(process.env));
    const [subcommand = task.kind] = process.argv.slice(2);
    if (subcommand !== task.kind) {
      throw new DdrError('InvalidTask', `the subcommand is ${subcommand}, but the task is to ${task.kind}`, {
        where: taskVariable,
      });
    }
    const server = startProgressServer(environment.DDR_HTTP_PORT, (error) =>
      logger.warn({ error: error.message }, 'no progress server'),
    );
    const result = await run(task, {
      volumes: {
        run: environment.DDR_RUN_DIR,
        data: environment.DDR_DATA_DIR,
        reference: environment.DDR_REFERENCE_DIR,
        weights: environment.DDR_WEIGHTS_DIR,
      },
      logger,
      progress: server.report,
      signal: stopSignal,
      seconds: () => performance.now() / 1000,
      gpuGiven: !['', 'none', 'void'].includes(environment.NVIDIA_VISIBLE_DEVICES),
      completionIndex: environment.JOB_COMPLETION_INDEX,
    });
    await server.close();
    end({ outcome: 'Succeeded', result });
    return ExitCode.Success;
  } catch (thrown) {
    const error = toDdrError(thrown);
    const { code, message, where, hint } = error;
    const details = {
      code,
      where,
      hint,
      stack: code === 'Unexpected' && thrown instanceof Error ? thrown.stack : undefined,
    };
    if (code === 'Interrupted') logger.info(details, message);
    else logger.error(details, message);
    end({ outcome: 'Failed', code, message, where, hint, log: tail });
    return error.exitCode;
  }
}
