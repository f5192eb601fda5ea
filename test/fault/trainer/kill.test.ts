import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ExitCode } from '../../../src/api/exitCodes.ts';
import { parseRun } from '../../../src/api/run.ts';
import { type TrainTask, taskVariable } from '../../../src/api/task.ts';
import { parseTermination } from '../../../src/api/termination.ts';
import { normals, randomBelow, streams } from '../../../src/diffusion/random.ts';
import { modelPlans } from '../../../src/operator/plan/identity.ts';
import { trainTask } from '../../../src/operator/plan/tasks.ts';
import { writeIdx } from '../../../src/trainer/data/idx.ts';
import { withSpec } from '../../helpers/runs.ts';
import { temporaryFolder } from '../../helpers/trainer.ts';

const main = join(import.meta.dirname, '../../../src/trainer/main.ts');

/** A small model that trains for a few seconds. */
function taskOf(fields: object = {}): TrainTask {
  const run = parseRun(
    withSpec({
      schedule: { states: 4, statesPerModel: 2 },
      dataset: {
        source: { volume: { claimName: 'data', path: 'images' } },
        format: 'Idx',
        image: { size: 8, channels: 1 },
      },
      model: { baseChannels: 8, channelMultipliers: [1, 2] },
      training: { images: 4800, batchSize: 16, threads: 1, seed: 5, ...fields },
      checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 400 },
    }),
  );
  const [model] = modelPlans(run.spec);
  assert.ok(model);
  return trainTask(run, model);
}

function volumes(t: TestContext): { run: string; data: string } {
  const root = temporaryFolder(t);
  const folders = { run: join(root, 'run'), data: join(root, 'data') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  const data = Uint8Array.from(normals(1, streams.noise, 0, 200 * 64), (z) => Math.min(255, Math.max(0, 128 + 60 * z)));
  writeFileSync(join(folders.data, 'images'), writeIdx({ shape: [200, 8, 8], data }));
  return folders;
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  log: string;
  word: ReturnType<typeof parseTermination>;
}

/** Runs the trainer; `disturb` is told of every line that it logs. */
function train(
  task: unknown,
  { run, data }: { run: string; data: string },
  disturb: (kill: (signal: NodeJS.Signals) => void, log: string) => void = () => {},
): Promise<End> {
  const word = join(run, 'word');
  rmSync(word, { force: true });
  const env = {
    ...process.env,
    [taskVariable]: JSON.stringify(task),
    DDR_RUN_DIR: run,
    DDR_DATA_DIR: data,
    DDR_TERMINATION_LOG: word,
  };
  const child = spawn(process.execPath, [main, 'train'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    disturb((signal) => child.kill(signal), log);
  });
  return new Promise((resolve) => {
    child.on('exit', (code, signal) =>
      resolve({ code, signal, log, word: parseTermination(existsSync(word) ? readFileSync(word, 'utf8') : undefined) }),
    );
  });
}

const digestOf = ({ word }: End) =>
  word?.outcome === 'Succeeded' && word.result.kind === 'train' ? word.result.digest : undefined;

test('killed at random moments, by SIGKILL and SIGTERM, a model ends with the digest of an undisturbed one', async (t) => {
  const task = taskOf();
  const undisturbed = digestOf(await train(task, volumes(t)));
  assert.ok(undisturbed !== undefined);
  const folders = volumes(t);
  let kills = 0;
  for (let round = 0; ; round++) {
    assert.ok(round < 20, 'it gets on in spite of everything');
    const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const delay = 300 + randomBelow(900, 7, streams.order, round, 0);
    let timer: NodeJS.Timeout | undefined;
    const end = await train(task, folders, (kill, log) => {
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
    if (signal === 'SIGTERM')
      assert.deepEqual(
        [end.code, end.word?.outcome === 'Failed' && end.word.code],
        [ExitCode.Interrupted, 'Interrupted'],
        end.log,
      );
    else assert.equal(end.signal, 'SIGKILL');
  }
  const model = join(folders.run, task.directory, 'models', task.hash);
  assert.deepEqual(readdirSync(model).sort(), ['attempts', 'final'], 'nothing is left lying about');
});

test('how often state is saved does not change the digest, another seed does', async (t) => {
  const task = taskOf({ images: 800 });
  const digests = await Promise.all([
    train(task, volumes(t)),
    train({ ...task, checkpoints: { everyImages: 10_000, keep: 1 } }, volumes(t)),
    train({ ...task, training: { ...task.training, seed: 6 } }, volumes(t)),
  ]);
  const [first, second, third] = digests.map(digestOf);
  assert.ok(first !== undefined && third !== undefined);
  assert.equal(second, first);
  assert.notEqual(third, first);
});

test('a trained model is not trained again', async (t) => {
  const folders = volumes(t);
  const task = taskOf({ images: 160 });
  const first = await train(task, folders);
  const second = await train(task, folders);
  assert.match(second.log, /already trained/);
  assert.equal(digestOf(second), digestOf(first));
});

test('a trained model that was damaged is trained again and ends with its digest', async (t) => {
  const folders = volumes(t);
  const task = taskOf({ images: 160 });
  const final = join(folders.run, task.directory, 'models', task.hash, 'final');
  const first = digestOf(await train(task, folders));
  writeFileSync(join(final, 'weights.safetensors'), 'zeros after a power cut');
  assert.equal(digestOf(await train(task, folders)), first);
  rmSync(join(final, 'model.json'));
  assert.equal(digestOf(await train(task, folders)), first);
  assert.match((await train(task, folders)).log, /already trained/);
});

test('a model whose last step made its weights infinite is not called trained', async (t) => {
  const task = taskOf({ images: 16 });
  const { optimizer } = task.training;
  const { code, word, log } = await train(
    { ...task, training: { ...task.training, optimizer: { ...optimizer, beta1: 1 } } },
    volumes(t),
  );
  assert.deepEqual([code, word?.outcome === 'Failed' && word.code], [ExitCode.BadConfiguration, 'Diverged'], log);
});

test('an older attempt that wakes up later cannot write over the newer one', async (t) => {
  const folders = volumes(t);
  const task = taskOf();
  let second: Promise<End> | undefined;
  const first = await train(task, folders, (_kill, log) => {
    if (log.includes('"checkpoint"')) second ??= train(task, folders);
  });
  assert.deepEqual(
    [first.code, first.word?.outcome === 'Failed' && first.word.code],
    [ExitCode.Fenced, 'Fenced'],
    first.log,
  );
  assert.equal((await second)?.code, ExitCode.Success);
});

test('every bad input ends with its code, where it was, and an exit code that is not tried again', async (t) => {
  const folders = volumes(t);
  const task = taskOf({ images: 160 });
  const cut = readFileSync(join(folders.data, 'images')).subarray(0, 500);
  writeFileSync(join(folders.data, 'cut'), cut);
  const at = (path: string) => ({
    ...task,
    dataset: { ...task.dataset, source: { volume: { claimName: 'data', path } } },
  });
  const cases: [unknown, number, string][] = [
    [at('cut'), ExitCode.BadInput, 'InputTruncated'],
    [at('nothing'), ExitCode.BadInput, 'InputMissing'],
    [{ ...task, states: [] }, ExitCode.BadConfiguration, 'InvalidTask'],
    [
      {
        ...task,
        training: {
          ...task.training,
          optimizer: { ...task.training.optimizer, learningRate: 10, warmupImages: 0 },
          gradientClipNorm: 0,
          images: 16_000,
        },
      },
      ExitCode.BadConfiguration,
      'Diverged',
    ],
  ];
  for (const [input, exitCode, code] of cases) {
    const { code: actual, word, log } = await train(input, folders);
    assert.deepEqual([actual, word?.outcome === 'Failed' && word.code], [exitCode, code], log);
    assert.ok(word?.outcome === 'Failed' && word.where !== undefined && word.message.length > 10);
  }
});
