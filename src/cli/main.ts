#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { toDdrError } from '../api/errors.ts';
import { retryAnnotation } from '../api/names.ts';
import { readRun } from './documents.ts';
import { type DdrEnvironment, parseEnvironment } from './environment.ts';
import { hangUp } from './interruption.ts';
import { addNetworkCommands } from './networkCommands.ts';
import { jsonPrinter, type Printer, tablePrinter } from './printers.ts';
import { render } from './render.ts';
import { describeNewestReport } from './report.ts';
import { addResultCommands } from './resultCommands.ts';
import { retry } from './retry.ts';
import { runLocally } from './run.ts';
import { parseVolumes, withSettings } from './settings.ts';
import { validate } from './validate.ts';

const collect = (value: string, before: string[]) => [...before, value];

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number, 1 at least');
  return value;
}

const setOption = () =>
  new Option(
    '--set <field=value>',
    'replace a field, such as spec.training.images=1000, spec.overrides[0].states="8" or spec.execution.resources.limits.nvidia\\.com/gpu=1; may be repeated',
  )
    .argParser(collect)
    .default([], 'none');

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')));

function printerFor(output: 'table' | 'json' | undefined, { NO_COLOR, TERM }: DdrEnvironment): Printer {
  const write = (text: string) => void process.stdout.write(text);
  const isTerminal = process.stdout.isTTY && TERM !== 'dumb';
  if ((output ?? (isTerminal ? 'table' : 'json')) === 'json') return jsonPrinter(write, Date.now);
  // A terminal without a size, such as a container's, says 0.
  const size = () => ({ columns: process.stdout.columns || 100, rows: process.stdout.rows || 40 });
  return tablePrinter({ write, size, colour: NO_COLOR === undefined });
}

/** Who reads our output may stop to, as in `ddr render FILE | head`, and a terminal may be closed, or a disk full: a run is suspended then. */
function endWithOutput(): void {
  let gone = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      const isGone = error.code === 'EPIPE' || error.code === 'EIO';
      if (!gone && !process.emit(hangUp)) isGone ? process.exit() : endWithError(error);
      gone = true;
    });
  }
}

const program = new Command('ddr')
  .description('Disentangled diffusion: trains one model per latent state, on a cluster or on this machine.')
  .version(version)
  .addHelpText(
    'after',
    `
Exit codes:
  0    success: the run is complete, the files are valid
  1    the run failed or was cancelled, or the input is wrong; the message begins with a stable code such as InvalidSpec
  2    wrong usage of this command
  130  suspended or stopped by Ctrl-C, SIGTERM or SIGHUP, or nobody reads the output any more; the same command goes on

A run that has failed is tried again, keeping all that is good of it, by the same \`ddr run\` on this machine and by
\`ddr retry\` on a cluster.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

interface RunArguments {
  home: string;
  volume: string[];
  processes?: number;
  output?: 'table' | 'json';
  set: string[];
}

function addLocalCommands(environment: DdrEnvironment): void {
  program
    .command('run')
    .description('run a resource on this machine; Ctrl-C suspends, and the same command goes on')
    .argument('<file>', 'YAML with one DisentangledDiffusionRun')
    .option('--home <folder>', 'where volumes and logs are kept', '.ddr')
    .option('--volume <claim=folder>', 'folder that stands for a PersistentVolumeClaim; may be repeated', collect, [])
    .option('--processes <n>', 'processes at once; default: as many as there are cores for', positive)
    .addOption(
      new Option('--output <format>', 'how progress is shown; default: table on a terminal').choices(['table', 'json']),
    )
    .addOption(setOption())
    .action(async (file: string, { home, volume, processes, output, set }: RunArguments) => {
      const run = withSettings(readRun(file), set);
      const printer = printerFor(output, environment);
      process.exitCode = await runLocally({
        run,
        home,
        volumes: parseVolumes(volume),
        processes,
        printer,
        environment,
      });
    });
  program
    .command('report')
    .description('show the newest report below a folder')
    .argument('[folder]', 'home of `ddr run`, or a mounted volume', '.ddr')
    .action((folder: string) => console.log(describeNewestReport(folder).join('\n')));
}

function addClusterCommands(): void {
  program
    .command('validate')
    .description('check resources as the API server would, and say what is wrong where')
    .argument('<file...>', 'files of YAML or JSON; - for standard input')
    .action((files: string[]) => {
      process.exitCode = validate(files) ? 0 : 1;
    });
  program
    .command('render')
    .description('show the Kubernetes objects that a run would create')
    .argument('<file>', 'YAML with one DisentangledDiffusionRun')
    .option('--trainer-image <image>', 'image of trainer pods', `ddr/trainer:${version}`)
    .addOption(setOption())
    .action((file: string, { trainerImage, set }: { trainerImage: string; set: string[] }) => {
      process.stdout.write(render(withSettings(readRun(file), set), trainerImage));
    });
  program
    .command('retry')
    .description('try anew what has failed of a run on the cluster that KUBECONFIG names; its spec stays as it is')
    .argument('<run>', 'name of the run, or YAML with one DisentangledDiffusionRun')
    .option('-n, --namespace <namespace>', "default: the file's, or that of the kubeconfig's context")
    .addHelpText(
      'after',
      `
The same by hand: kubectl annotate ddr NAME --overwrite ${retryAnnotation}=$(date -u +%Y-%m-%dT%H:%M:%SZ)
On this machine the same \`ddr run\` tries a failed run again.`,
    )
    .action(async (target: string, { namespace }: { namespace?: string }) =>
      console.log(await retry(target, namespace)),
    );
  program
    .command('version')
    .description('print the version')
    .action(() => console.log(version));
}

function endWithError(error: unknown): never {
  const described = toDdrError(error);
  console.error(described.describe());
  if (described.code === 'Unexpected' && error instanceof Error) console.error(error.stack);
  process.exit(1);
}

try {
  endWithOutput();
  const environment = parseEnvironment(process.env);
  addLocalCommands(environment);
  addClusterCommands();
  addResultCommands(program, environment);
  addNetworkCommands(program, environment, positive);
  await program.parseAsync();
  // A disk that is full is told of once the text has been written.
  await new Promise((resolve) => process.stdout.write('', resolve));
} catch (error) {
  endWithError(error);
}
process.exit();
