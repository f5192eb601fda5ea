import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { progressSchema } from '../../src/api/progress.ts';
import { modelSchema } from '../../src/api/spec/model.ts';
import { scheduleSchema } from '../../src/api/spec/schedule.ts';
import { trainingSchema } from '../../src/api/spec/training.ts';
import { renderTask, type TrainTask, taskVariable } from '../../src/api/task.ts';

const main = join(import.meta.dirname, '../../src/trainer/main.ts');
const directory = 'runs/bench';
const hash = 'b'.repeat(16);

/** Seconds after which a trainer counts as hung. */
const patience = 300;

/** A model as the quickstart's, small enough that its first step is soon there. */
const task = (dataset: string): TrainTask => ({
  kind: 'train',
  directory,
  hash,
  index: 0,
  schedule: scheduleSchema.parse({ states: 10 }),
  dataset,
  model: modelSchema.parse({
    baseChannels: 16,
    channelMultipliers: [1, 2, 2],
    residualBlocks: 1,
    attentionResolutions: [7],
  }),
  training: trainingSchema.parse({ images: 1_000_000, batchSize: 48, threads: 1 }),
  checkpoints: { everyImages: 1_000_000, keep: 1 },
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether a step has been made. */
const hasStepped = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/progress`)
    .then((response) => response.json())
    .then((body) => {
      const { phase, done } = progressSchema.parse(body);
      return phase === 'Running' && done > 0;
    })
    .catch(() => false); // it does not listen yet

export interface Start {
  /** From the process's start to its first step. */
  seconds: number;
  /** Largest resident memory until then. */
  peakBytes: number;
}

/** Starts a trainer as a process of its own, and ends it after its first step. @param root of the store */
export async function firstStep(root: string, dataset: string): Promise<Start> {
  rmSync(join(root, directory, 'models'), { recursive: true, force: true });
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, [main, 'train'], {
    env: {
      ...process.env,
      [taskVariable]: renderTask(task(dataset)),
      DDR_RUN_DIR: root,
      DDR_HTTP_PORT: String(port),
      DDR_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    while (!(await hasStepped(port))) {
      const seconds = (performance.now() - began) / 1000;
      if (child.exitCode !== null || seconds > patience) throw new Error('the trainer has made no step');
      await wait(10);
    }
    const seconds = (performance.now() - began) / 1000;
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return { seconds, peakBytes: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024 };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
