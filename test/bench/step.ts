// Images per second of the training step: eager against recorded in one process, and the same cores as several processes.
//   node test/bench/step.ts [--channels 16] [--multipliers 1,2,2] [--attention 7] [--size 28] [--batch 48]
//                           [--threads 1] [--processes 1] [--steps 20] [--torch PYTHON]
// With --torch, a Python that has torch: the same step in PyTorch, in the same run, and the ratio to it.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { modelSchema } from '../../src/api/spec/model.ts';
import { trainingSchema } from '../../src/api/spec/training.ts';
import type { Program } from '../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { unconditioned } from '../../src/trainer/model/conditioning.ts';
import { totalSize, type UnetConfig } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { initialState } from '../../src/trainer/train/state.ts';
import { stepProgram } from '../../src/trainer/train/step.ts';
import { createEagerProgram } from '../helpers/eagerProgram.ts';
import { stepInputs } from '../helpers/steps.ts';

const option = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    channels: option('16'),
    multipliers: option('1,2,2'),
    attention: option('7'),
    size: option('28'),
    batch: option('48'),
    threads: option('1'),
    processes: option('1'),
    steps: option('20'),
    torch: option(''),
  },
});
const numbers = (list: string) => list.split(',').filter(Boolean).map(Number);
const [batchSize, threads, processes, steps] = [values.batch, values.threads, values.processes, values.steps].map(
  Number,
) as [number, number, number, number];

const training = trainingSchema.parse({ batchSize, seed: 1 });

interface Result {
  parameters: number;
  eager: number;
  recorded: number;
  recordingSeconds: number;
}

/** The median, of images per second. */
async function imagesPerSecond(program: Program, config: UnetConfig): Promise<number> {
  await program.write(initialState(parameterSpecs(config, unconditioned), training));
  const times = Array.from({ length: steps + 3 }, (_, step) => {
    const inputs = stepInputs(config, unconditioned, batchSize, 'V', step);
    const started = performance.now();
    program.run('step', inputs);
    return performance.now() - started;
  });
  const sorted = times.slice(3).sort((a, b) => a - b); // the first ones are warm-up
  return (1000 * batchSize) / (sorted[sorted.length >> 1] as number);
}

async function measure(): Promise<Result> {
  const tf = await loadTensorFlow(threads);
  const config: UnetConfig = {
    ...modelSchema.parse({
      baseChannels: Number(values.channels),
      channelMultipliers: numbers(values.multipliers),
      attentionResolutions: numbers(values.attention),
    }),
    imageSize: Number(values.size),
    imageChannels: 1,
  };
  const spec = stepProgram(tf, config, unconditioned, training);
  const started = performance.now();
  const program = createRecordedProgram(tf, spec);
  const recordingSeconds = (performance.now() - started) / 1000;
  return {
    parameters: totalSize(parameterSpecs(config, unconditioned)),
    recorded: await imagesPerSecond(program, config),
    eager: await imagesPerSecond(createEagerProgram(tf, spec), config),
    recordingSeconds,
  };
}

async function measureInChild(): Promise<Result> {
  const child = spawn(process.execPath, [...process.argv.slice(1), '--processes', '1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, DDR_BENCH_CHILD: '1' },
  });
  return JSON.parse(await text(child.stdout));
}

const results =
  processes === 1 ? [await measure()] : await Promise.all(Array.from({ length: processes }, measureInChild));
if (process.env.DDR_BENCH_CHILD === '1') {
  console.log(JSON.stringify(results[0]));
} else {
  const sum = (of: (result: Result) => number) => results.reduce((total, result) => total + of(result), 0);
  const [eager, recorded] = [sum((result) => result.eager), sum((result) => result.recorded)];
  console.log(
    `channels ${values.channels}, ${results[0]?.parameters} parameters, batch ${batchSize}, ${processes} x ${threads} thread(s): ` +
      `recorded ${recorded.toFixed(0)} images/s, eager ${eager.toFixed(0)}, ratio ${(recorded / eager).toFixed(2)}; ` +
      `recording takes ${results[0]?.recordingSeconds.toFixed(1)} s`,
  );
  if (values.torch !== '') {
    const { size, channels, multipliers, attention, batch } = values;
    const script = join(import.meta.dirname, 'torch_step.py');
    const [torch] = execFileSync(
      values.torch,
      [script, size, channels, multipliers, attention, batch, values.threads, values.steps],
      { encoding: 'utf8' },
    )
      .split(' ')
      .map(Number) as [number];
    console.log(
      `PyTorch, one process: ${torch.toFixed(0)} images/s; recorded is ${(recorded / processes / torch).toFixed(2)} of it per process`,
    );
  }
}
