// Images per second and memory of the training step on a GPU: a few networks, each computed in every way that there is, in ten
// minutes. Prints a table and JSON.
//   npm run bench:gpu [-- --json FILE]
//   DDR_PYTHON=<a Python with torch and diffusers> npm run bench:gpu   against PyTorch in bf16 with torch.compile, too
//   npm run bench:gpu -- --cpu                              tries the script itself at tiny size on the CPU
// Exit code 1 where something could not be measured, which its line in the table explains; 69 where there is no GPU that TensorFlow
// can use: then one line says so, and nothing is measured.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { conditioningOf } from '../../src/trainer/model/conditioning.ts';
import { toConfig } from '../../src/trainer/model/diffusers/config.ts';
import { type Network, networks, tinyNetworks, type Way, ways } from './cases.ts';
import { type Result, type Row, resultSchema, table } from './result.ts';

const { values } = parseArgs({ options: { cpu: { type: 'boolean', default: false }, json: { type: 'string' } } });

/** sysexits.h: a service that is needed is unavailable. */
const noGpu = 69;
/** Of all measurements together. */
const budgetSeconds = 600;
const steps = values.cpu ? 3 : 30;
const python = process.env.DDR_PYTHON;

const [script, torchScript] = ['step.ts', 'step.py'].map((file) => join(import.meta.dirname, file)) as [string, string];

/** The last line that a process writes, as JSON. */
async function ask(command: string, args: string[], seconds: number, environment: object = {}): Promise<unknown> {
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)(command, args, { env, timeout: Math.ceil(1000 * seconds) });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

async function measure({ config, conditions, batchSize }: Network, way: Way, seconds: number): Promise<Result> {
  if (way.engine === 'ddr') {
    const task = JSON.stringify({ config, conditions, batchSize, xla: way.xla, precision: way.precision, steps });
    const environment = way.tf32 ? {} : { NVIDIA_TF32_OVERRIDE: '0' };
    return resultSchema.parse(await ask(process.execPath, [script, task], seconds, environment));
  }
  const { contextWidth, contextTokens } = conditioningOf(1, config, conditions);
  const task = JSON.stringify({
    network: toConfig(config, conditions, contextWidth),
    tokens: contextTokens,
    batchSize,
    steps,
    mode: way.mode,
    device: values.cpu ? 'cpu' : 'cuda',
  });
  return resultSchema.parse(await ask(python ?? '', [torchScript, task], seconds));
}

/** Why something has no number, in a line of the table. */
const reasonOf = (error: unknown): string =>
  `not measured: ${(error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1)?.slice(0, 100)}`;

async function measureAll(): Promise<Row[]> {
  const rows: Row[] = [];
  const began = performance.now();
  for (const network of values.cpu ? tinyNetworks : networks) {
    for (const way of ways.filter(({ engine }) => engine === 'ddr' || python !== undefined)) {
      const left = budgetSeconds - (performance.now() - began) / 1000;
      const result =
        left <= 0 ? 'not measured: the ten minutes are over' : await measure(network, way, left).catch(reasonOf);
      rows.push({ network: network.name, way: way.name, result });
      console.error(
        `${network.name}: ${way.name}: ${typeof result === 'string' ? result : `${result.imagesPerSecond.toFixed(0)} images/s`}`,
      );
    }
  }
  return rows;
}

const { device } = z.object({ device: z.string() }).parse(await ask(process.execPath, [script], budgetSeconds));
if (device === 'CPU' && !values.cpu) {
  console.log(
    'There is no GPU that TensorFlow can use (TENSORFLOW_PACKAGE=tensorflow, a driver): nothing is measured.',
  );
  process.exitCode = noGpu;
} else {
  const rows = await measureAll();
  const yardstick = ways.find(({ engine }) => engine === (python === undefined ? 'ddr' : 'PyTorch'))?.name ?? '';
  const title = values.cpu
    ? 'This is no measurement of a GPU: tiny networks on the CPU, to try the script.'
    : `On one ${device}:`;
  console.log(`${title}\n\n${table(rows, yardstick)}`);
  const json = JSON.stringify({ device, gpu: !values.cpu, rows }, undefined, 1);
  if (rows.some(({ result }) => typeof result === 'string')) process.exitCode = 1;
  if (values.json === undefined) console.log(`\n${json}`);
  else writeFileSync(values.json, `${json}\n`);
}
