// The paper's network (`ldm-8-imagenet`, 395 M parameters) learns from latents with classes: three steps and a
// checkpoint; its process is killed (SIGKILL), and another goes on and ends. Its weights have to be those of a process that was
// never disturbed, bit for bit. Prints the peak memory of each process. Needs 12 GiB of memory, 20 GiB of disk, and some minutes.
//   node bench/memory/resume.ts [--channels 256] [--batch 1] [--threads 2] [--folder FOLDER]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runLayout } from '../../src/api/layout.ts';
import { scheduleSchema } from '../../src/api/spec/schedule.ts';
import { trainingSchema } from '../../src/api/spec/training.ts';
import { renderTask, type TrainTask, taskVariable } from '../../src/api/task.ts';
import { loadFinalRecord } from '../../src/trainer/artifacts/finalModel.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import { saveDataset } from '../../src/trainer/artifacts/saveDataset.ts';
import { bytesPerLatent } from '../../src/trainer/data/latents.ts';
import { presets } from '../../src/trainer/model/presets.ts';

const paper = presets['ldm-8-imagenet'];
const option = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    channels: option(String(paper.model.baseChannels)),
    batch: option('1'),
    threads: option('2'),
    folder: { type: 'string' },
  },
});
const model = { ...paper.model, baseChannels: Number(values.channels) };
const { classes = 0 } = paper.conditions;
const [batchSize, threads] = [values.batch, values.threads].map(Number) as [number, number];
const directory = 'runs/bench';
const gibibyte = 2 ** 30;
const goal = 12;

const root = mkdtempSync(join(values.folder ?? tmpdir(), 'ddr-resume-'));
const store = createPosixStore(root);
const count = 8;
/** Networks see latents of it, so what the pictures would be is of no account. */
const shape = { size: 8 * paper.image.size, channels: 3 } as const;
const latents = { ...paper.image, scalingFactor: 1, shiftFactor: 0, values: 'Mean', type: 'float32' } as const;
const numbers = Float32Array.from({ length: (count * bytesPerLatent(latents)) / 4 }, (_, i) => Math.sin(i));

async function makeDataset(): Promise<string> {
  async function* bytes() {
    yield new Uint8Array(numbers.buffer);
  }
  const zeros = new Float32Array(paper.image.size ** 2 * paper.image.channels);
  const labels = () => ({ classes, values: Int32Array.from({ length: count }, (_, i) => i) });
  const moments = () => ({ mean: zeros, deviation: zeros });
  const content = { count, shape, latents: { description: latents, bytes: bytes() }, moments, labels };
  return (await saveDataset(store, content, 'bench')).address;
}

const taskOf = (hash: string, dataset: string): TrainTask => ({
  kind: 'train',
  directory,
  hash,
  index: 0,
  schedule: scheduleSchema.parse({ states: 10 }),
  dataset,
  model,
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
  console.log(`ldm-8-imagenet of ${model.baseChannels} channels, batch ${batchSize}, ${threads} threads`);
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
