import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ExitCode } from '../../../src/api/exitCodes.ts';
import { datasetKey } from '../../../src/api/layout.ts';
import { type TrainTask, taskVariable } from '../../../src/api/task.ts';
import { parseTermination } from '../../../src/api/termination.ts';
import { normals, randomBelow, streams } from '../../../src/diffusion/random.ts';
import { memorySource, preparedDataset, temporaryStore } from '../../helpers/trainer.ts';
import { trainTask } from '../../helpers/training.ts';
import { training } from '../../helpers/unet.ts';

const main = join(import.meta.dirname, '../../../src/trainer/main.ts');

const shape = { size: 8, channels: 1 } as const;
const pixels = Uint8Array.from(normals(1, streams.noise, 0, 200 * 64), (z) => Math.min(255, Math.max(0, 128 + 60 * z)));

/** A run's folder with the prepared dataset, and the task of a small model that trains for a few seconds. */
async function setUp(t: TestContext, fields: object = {}): Promise<{ run: string; task: TrainTask }> {
  const { root, store } = temporaryStore(t);
  const dataset = await preparedDataset(store, memorySource(pixels, shape));
  const task = trainTask(dataset, {
    training: training({ images: 4800, batchSize: 16, threads: 1, seed: 5, ...fields }),
    checkpoints: { everyImages: 400, keep: 2 },
  });
  return { run: root, task };
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  log: string;
  message: ReturnType<typeof parseTermination>;
}

/** Runs the trainer; `disturb` is told of every line that it logs. */
function train(
  task: unknown,
  run: string,
  disturb: (kill: (signal: NodeJS.Signals) => void, log: string) => void = () => {},
): Promise<End> {
  const path = join(run, 'termination-message');
  rmSync(path, { force: true });
  const env = {
    ...process.env,
    [taskVariable]: JSON.stringify(task),
    DDR_RUN_DIR: run,
    DDR_TERMINATION_LOG: path,
  };
  const child = spawn(process.execPath, [main, 'train'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    disturb((signal) => child.kill(signal), log);
  });
  return new Promise((resolve) => {
    child.on('exit', (code, signal) =>
      resolve({
        code,
        signal,
        log,
        message: parseTermination(existsSync(path) ? readFileSync(path, 'utf8') : undefined),
      }),
    );
  });
}

const digestOf = ({ message }: End) =>
  message?.outcome === 'Succeeded' && message.result.kind === 'train' ? message.result.digest : undefined;

const codeOf = ({ message }: End) => (message?.outcome === 'Failed' ? message.code : undefined);

test('killed at random moments, by SIGKILL and SIGTERM, a model ends with the digest of an undisturbed one', async (t) => {
  const { run: undisturbedRun } = await setUp(t);
  const { run, task } = await setUp(t);
  const undisturbed = digestOf(await train(task, undisturbedRun));
  assert.ok(undisturbed !== undefined);
  let kills = 0;
  for (let round = 0; ; round++) {
    assert.ok(round < 20, 'it gets on in spite of everything');
    const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const delay = 300 + randomBelow(900, 7, streams.order, round, 0);
    let timer: NodeJS.Timeout | undefined;
    const end = await train(task, run, (kill, log) => {
      // Some time after the first step can have been made: sometimes within a step, sometimes within a save.
      if (log.includes('"training"') && kills < 5) timer ??= setTimeout(() => kill(signal), delay);
    });
    clearTimeout(timer);
    if (end.code === ExitCode.Success) {
      assert.ok(kills >= 3, `killed ${kills} times only`);
      assert.equal(digestOf(end), undisturbed);
      break;
    }
    kills++;
    if (signal === 'SIGTERM') assert.deepEqual([end.code, codeOf(end)], [ExitCode.Interrupted, 'Interrupted'], end.log);
    else assert.equal(end.signal, 'SIGKILL');
  }
  const model = join(run, task.directory, 'models', task.hash);
  assert.deepEqual(readdirSync(model).sort(), ['attempts', 'final'], 'nothing is left lying about');
});

test('how often state is saved does not change the digest, another seed does', async (t) => {
  const runs = await Promise.all([1, 2, 3].map(() => setUp(t, { images: 800 })));
  const [one, two, three] = runs.map(({ run }) => run) as [string, string, string];
  const { task } = runs[0] ?? assert.fail();
  const digests = await Promise.all([
    train(task, one),
    train({ ...task, checkpoints: { everyImages: 10_000, keep: 1 } }, two),
    train({ ...task, training: { ...task.training, seed: 6 } }, three),
  ]);
  const [first, second, third] = digests.map(digestOf);
  assert.ok(first !== undefined && third !== undefined);
  assert.equal(second, first);
  assert.notEqual(third, first);
});

test('a trained model is not trained again', async (t) => {
  const { run, task } = await setUp(t, { images: 160 });
  const first = await train(task, run);
  const second = await train(task, run);
  assert.match(second.log, /already trained/);
  assert.equal(digestOf(second), digestOf(first));
});

test('a trained model that was damaged is trained again and ends with its digest', async (t) => {
  const { run, task } = await setUp(t, { images: 160 });
  const final = join(run, task.directory, 'models', task.hash, 'final');
  const first = digestOf(await train(task, run));
  writeFileSync(join(final, 'weights.safetensors'), 'zeros after a power cut');
  assert.equal(digestOf(await train(task, run)), first);
  rmSync(join(final, 'model.json'));
  assert.equal(digestOf(await train(task, run)), first);
  assert.match((await train(task, run)).log, /already trained/);
});

test('a model whose last step made its weights infinite is not called trained', async (t) => {
  const { run, task } = await setUp(t, { images: 16, optimizer: { beta1: 1 } });
  const end = await train(task, run);
  assert.deepEqual([end.code, codeOf(end)], [ExitCode.BadConfiguration, 'Diverged'], end.log);
});

test('an older attempt that wakes up later cannot write over the newer one', async (t) => {
  const { run, task } = await setUp(t);
  let second: Promise<End> | undefined;
  const first = await train(task, run, (_kill, log) => {
    if (log.includes('"checkpoint"')) second ??= train(task, run);
  });
  assert.deepEqual([first.code, codeOf(first)], [ExitCode.Fenced, 'Fenced'], first.log);
  assert.equal((await second)?.code, ExitCode.Success);
});

test('every bad input ends with its code, where it was, and an exit code that is not tried again', async (t) => {
  const { run, task } = await setUp(t, { images: 160 });
  const { task: steep } = await setUp(t, {
    images: 16_000,
    gradientClipNorm: 0,
    optimizer: { learningRate: 10, warmupImages: 0 },
  });
  const cut = await setUp(t);
  truncateSync(join(cut.run, datasetKey(task.dataset), 'images.npy'), 500);
  const cases: [unknown, string, number, string][] = [
    [task, cut.run, ExitCode.BadInput, 'DataChanged'],
    [{ ...task, dataset: '0123456789abcdef' }, run, ExitCode.BadInput, 'InputMissing'],
    [{ ...task, schedule: {} }, run, ExitCode.BadConfiguration, 'InvalidTask'],
    [steep, run, ExitCode.BadConfiguration, 'Diverged'],
  ];
  for (const [input, folder, exitCode, code] of cases) {
    const end = await train(input, folder);
    assert.deepEqual([end.code, codeOf(end)], [exitCode, code], end.log);
    const { message } = end;
    assert.ok(message?.outcome === 'Failed' && message.where !== undefined && message.message.length > 10);
  }
});
