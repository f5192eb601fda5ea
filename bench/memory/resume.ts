// A network of the class of the paper's (about 400 M parameters) takes three steps and saves; its process is killed (SIGKILL),
// and another goes on and ends. Its weights have to be those of a process that was never disturbed, bit for bit. Prints
// the peak memory of each process. Needs 12 GiB of memory, 20 GiB of disk, and some minutes.
//   node bench/memory/resume.ts [--channels 328] [--multipliers 1,2,4] [--attention 8] [--blocks 2] [--size 32] [--batch 1]
//                               [--threads 2] [--folder FOLDER]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runLayout } from '../../src/api/layout.ts';
import { modelSchema } from '../../src/api/spec/model.ts';
import { scheduleSchema } from '../../src/api/spec/schedule.ts';
import { trainingSchema } from '../../src/api/spec/training.ts';
import { renderTask, type TrainTask, taskVariable } from '../../src/api/task.ts';
import { loadFinalRecord } from '../../src/trainer/artifacts/finalModel.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import { saveDataset } from '../../src/trainer/artifacts/saveDataset.ts';
import { unconditioned } from '../../src/trainer/model/conditioning.ts';
import { totalSize, unetConfig } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';

const option = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    channels: option('328'),
    multipliers: option('1,2,4'),
    attention: option('8'),
    blocks: option('2'),
    size: option('32'),
    batch: option('1'),
    threads: option('2'),
    folder: { type: 'string' },
  },
});
const numbers = (list: string) => list.split(',').filter(Boolean).map(Number);
const [size, batchSize, threads] = [values.size, values.batch, values.threads].map(Number) as [number, number, number];
const directory = 'runs/bench';
const gibibyte = 2 ** 30;
const goal = 12;

const root = mkdtempSync(join(values.folder ?? tmpdir(), 'ddr-resume-'));
const store = createPosixStore(root);
const shape = { size, channels: 3 } as const;
const pixels = Uint8Array.from({ length: 8 * size * size * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24);

async function makeDataset(): Promise<string> {
  async function* all() {
    yield pixels;
  }
  const zeros = new Float32Array(size * size * 3);
  const moments = () => ({ mean: zeros, deviation: zeros });
  return (await saveDataset(store, { count: 8, shape, pixels: all(), moments }, 'bench')).address;
}

const taskOf = (hash: string, dataset: string): TrainTask => ({
  kind: 'train',
  directory,
  hash,
  index: 0,
  schedule: scheduleSchema.parse({ states: 10 }),
  dataset,
  model: modelSchema.parse({
    baseChannels: Number(values.channels),
    channelMultipliers: numbers(values.multipliers),
    residualBlocks: Number(values.blocks),
    attentionResolutions: numbers(values.attention),
  }),
  training: trainingSchema.parse({ images: 4 * batchSize, batchSize, threads, optimizer: { warmupImages: 0 } }),
  checkpoints: { everyImages: 3 * batchSize, keep: 1 },
});

/** The largest memory of a process until now; it can be asked for only while it is there. */
function peakOf({ pid }: ChildProcess, before: number): number {
  try {
    return Math.max(
      before,
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    );
  } catch {
    return before;
  }
}

/** Runs a trainer until it ends, or until `isEnough`, and then kills it. @returns its peak memory in bytes */
async function train(
  what: string,
  task: TrainTask,
  isEnough: () => Promise<boolean> = async () => false,
): Promise<void> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/trainer/main.ts'), 'train'], {
    env: {
      MALLOC_ARENA_MAX: '1', // as pods have it
      ...process.env,
      [taskVariable]: renderTask(task),
      DDR_RUN_DIR: root,
      DDR_HTTP_PORT: '0',
      DDR_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(child, 'exit');
  let peak = 0;
  let killed = false;
  while (child.exitCode === null && child.signalCode === null) {
    peak = peakOf(child, peak);
    if (!killed && (await isEnough())) killed = child.kill('SIGKILL');
    await wait(100);
  }
  await ended;
  if (!killed && child.exitCode !== 0) throw new Error(`${what}: exit code ${child.exitCode}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const verdict = peak <= goal * gibibyte ? 'met' : 'not met';
  console.log(`${what}: peak ${(peak / gibibyte).toFixed(2)} GiB, the goal being ${goal}: ${verdict}; ${seconds} s`);
}

const digestOf = async ({ hash }: TrainTask) =>
  (await loadFinalRecord(store, runLayout(directory).model(hash).final))?.weights.sha256;

try {
  const dataset = await makeDataset();
  const [disturbed, whole] = ['a', 'b'].map((digit) => taskOf(digit.repeat(16), dataset)) as [TrainTask, TrainTask];
  const parameters = totalSize(parameterSpecs(unetConfig(disturbed.model, shape), unconditioned));
  console.log(
    `${(parameters / 1e6).toFixed(1)} M parameters, ${size}×${size}×3, batch ${batchSize}, ${threads} threads`,
  );
  const { checkpoints } = runLayout(directory).model(disturbed.hash);
  await train('three steps, a checkpoint, killed', disturbed, async () => (await store.list(checkpoints)).length > 0);
  await train('resumed, to the end', disturbed);
  const resumed = await digestOf(disturbed);
  await store.remove(runLayout(directory).model(disturbed.hash).root);
  await train('never disturbed', whole);
  const same = resumed !== undefined && resumed === (await digestOf(whole));
  console.log(`weights ${same ? 'are equal, bit for bit' : 'DIFFER'}: ${resumed}`);
  process.exitCode = same ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
