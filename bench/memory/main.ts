// Peak memory of training steps (AdamW, clipping, EMA), as whole processes, against the same network and batch in PyTorch.
//   node bench/memory/main.ts --torch PYTHON [--channels 128] [--multipliers 1,2,2,2] [--attention 16] [--size 32]
//                             [--batch 8] [--micro 0] [--threads 2] [--steps 3]
// PYTHON is a Python that has torch; without --torch only this project's peak is printed.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unconditioned } from '../../src/trainer/model/conditioning.ts';
import { totalSize } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { networkOf, networkOptions } from './network.ts';

const { values } = parseArgs({
  options: {
    ...networkOptions,
    micro: { type: 'string', default: '0' },
    torch: { type: 'string' },
  },
});
const mebibyte = 2 ** 20;
const goal = 1.15;

function lastNumber(command: string, args: string[]): number {
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' }; // as pods have it; PyTorch too
  const output = execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return Number(output.trim().split(/\s+/).at(-1));
}

const { torch, ...own } = values;
const options = Object.entries(own).flatMap(([name, value]) => [`--${name}`, value]);
const parameters = totalSize(parameterSpecs(networkOf(values), unconditioned));
const ours = lastNumber(process.execPath, [join(import.meta.dirname, 'step.ts'), ...options]);
const show = (bytes: number) => `${(bytes / mebibyte).toFixed(0)} MiB`;
console.log(
  `${(parameters / 1e6).toFixed(1)} M parameters (${show(4 * parameters)}), batch ${values.batch}: ${show(ours)}`,
);
if (torch !== undefined) {
  const { size, channels, multipliers, attention, batch, threads, steps } = values;
  const script = join(import.meta.dirname, '../../test/bench/torch_step.py');
  const theirs = lastNumber(torch, [script, size, channels, multipliers, attention, batch, threads, steps]);
  const ratio = ours / theirs;
  console.log(
    `PyTorch: ${show(theirs)}; ${ratio.toFixed(2)} of it, the goal being ${goal}: ${ratio <= goal ? 'met' : 'not met'}`,
  );
}
