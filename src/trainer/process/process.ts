import { writeFileSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { ExitCode } from '../../api/exitCodes.ts';
import { parseTask, type Task, taskVariable } from '../../api/task.ts';
import { renderTermination, type TaskResult, type Termination } from '../../api/termination.ts';
import { credentialsOf, parseEnvironment, type TrainerEnvironment } from './environment.ts';
import { startProgressServer } from './http.ts';
import { openStore } from './openStore.ts';
import { stopSignal, stopWithParent } from './stop.ts';
import { runTask } from './subcommands.ts';

/** Lines of the log that go into the termination message of a failed process. */
const tailLines = 12;

/** A logger to standard output, and the last lines that it wrote. */
function createLogger(): { logger: Logger; tail: string[] } {
  const tail: string[] = [];
  const write = (line: string) => {
    tail.push(line.trimEnd());
    if (tail.length > tailLines) tail.shift();
    process.stdout.write(line);
  };
  process.stdout.on('error', () => {}); // nobody reads any more, which must not keep the state from being saved
  return { logger: pino({ base: null }, { write }), tail };
}

/** The work counts, whether or not its termination message can be written. */
function terminate(path: string | undefined, termination: Termination, logger: Logger): void {
  if (path === undefined || path === '') return;
  try {
    writeFileSync(path, renderTermination(termination));
  } catch (error) {
    logger.warn({ path, error: toDdrError(error).message }, 'the termination message cannot be written');
  }
}

/** The task of this process. @throws DdrError InvalidTask where it is none, or that of another subcommand */
function readTask(): Task {
  const task = parseTask(process.env[taskVariable]);
  const [subcommand = task.kind] = process.argv.slice(2);
  if (subcommand === task.kind) return task;
  throw new DdrError('InvalidTask', `the subcommand is ${subcommand}, but the task is to ${task.kind}`, {
    where: taskVariable,
  });
}

async function work(task: Task, environment: TrainerEnvironment, logger: Logger): Promise<TaskResult> {
  const server = startProgressServer(environment.DDR_HTTP_PORT, (error) =>
    logger.warn({ error: error.message }, 'no progress server'),
  );
  try {
    return await runTask(task, {
      store: await openStore(environment),
      dataCredentials: credentialsOf(environment, 'DDR_DATA'),
      volumes: {
        data: environment.DDR_DATA_DIR,
        reference: environment.DDR_REFERENCE_DIR,
        weights: environment.DDR_WEIGHTS_DIR,
        codec: environment.DDR_CODEC_DIR,
        warmStart: environment.DDR_WARMSTART_DIR,
      },
      cache: environment.DDR_CACHE_DIR,
      logger,
      progress: server.report,
      signal: stopSignal,
      seconds: () => performance.now() / 1000,
      gpuGiven: !['', 'none', 'void'].includes(environment.NVIDIA_VISIBLE_DEVICES),
      completionIndex: environment.JOB_COMPLETION_INDEX,
    });
  } finally {
    await server.close();
  }
}

/** One trainer process from its environment to its exit code. Never rejects. */
export async function runProcess(): Promise<ExitCode> {
  const { logger, tail } = createLogger();
  const path = process.env.DDR_TERMINATION_LOG; // said of a wrong environment too
  try {
    const environment = parseEnvironment(process.env);
    logger.level = environment.DDR_LOG_LEVEL;
    if (environment.DDR_EXIT_WITH_PARENT === '1') stopWithParent();
    const result = await work(readTask(), environment, logger);
    terminate(path, { outcome: 'Succeeded', result }, logger);
    return ExitCode.Success;
  } catch (thrown) {
    const error = toDdrError(thrown);
    const { code, message, where, hint } = error;
    const stack = code === 'Unexpected' && thrown instanceof Error ? thrown.stack : undefined;
    const level = code === 'Interrupted' ? 'info' : 'error';
    logger[level]({ code, where, hint, stack }, message);
    terminate(path, { outcome: 'Failed', code, message, where, hint, log: tail }, logger);
    return error.exitCode;
  }
}
