#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { dump } from 'js-yaml';
import { z } from 'zod';
import { toDdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { reachesNoise } from '../diffusion/latentStates.ts';
import { allChildren } from '../operator/plan/children.ts';
import { buildClaim, claimNotice } from '../operator/plan/claim.ts';
import { statesOf } from '../operator/plan/identity.ts';
import { stageOf } from '../operator/plan/stage.ts';
import { readRun, readRuns } from './documents.ts';
import { jsonPrinter, type Printer, tablePrinter } from './printers.ts';
import { describeNewestReport } from './report.ts';
import { interruptedCode, runLocally } from './run.ts';
import { parseVolumes, withSettings } from './settings.ts';

const collect = (value: string, before: string[]) => [...before, value];

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number, 1 at least');
  return value;
}

const setOption = () =>
  new Option('--set <field=value>', 'replace a field, such as spec.training.images=1000; may be repeated')
    .argParser(collect)
    .default([], 'none');

/** Checks every run of every file and says what is wrong with each. @returns whether all are right */
function validate(files: readonly string[]): boolean {
  let right = true;
  const complain = (error: unknown) => {
    right = false;
    console.error(toDdrError(error).describe());
  };
  for (const file of files) {
    try {
      const { runs, problems } = readRuns(file);
      for (const problem of problems) complain(problem);
      for (const run of runs) console.log(describeValid(file, run));
    } catch (error) {
      complain(error);
    }
  }
  return right;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What a valid run comes to, and what may surprise its author. */
function describeValid(file: string, run: Run): string {
  const { metadata, spec } = run;
  const states = statesOf(spec);
  const models = states.length / spec.schedule.statesPerModel;
  const claim = buildClaim(run);
  const notice = claim && claimNotice(claim);
  const text = `${file}: ${metadata.name} is valid: ${counted(states.length, 'state')}, ${counted(models, 'model')}${notice === undefined ? '' : `\n${file}: notice: ${notice}`}`;
  if (reachesNoise(states) || spec.sampling.start === 'MomentMatched') return text;
  const signal = Math.sqrt(states.at(-1)?.alphaBar ?? 1).toPrecision(3);
  return `${text}\n${file}: warning: spec.schedule leaves √ᾱ = ${signal} at the noisiest state, which is not noise; include timestep T − 1, or set spec.sampling.start to MomentMatched`;
}

function render(run: Run, trainerImage: string): string {
  const stage = stageOf(run, { jobs: [], pods: [], claims: [], progress: new Map() });
  return allChildren(run, stage, { trainerImage })
    .map(({ apiVersion, kind, metadata: { ownerReferences: _, ...metadata }, ...rest }) =>
      // No run, no owner: a reference without its uid is nothing that an API server, or a tool that checks YAML, accepts.
      dump({ apiVersion, kind, metadata, ...rest }, { lineWidth: 120, noRefs: true }),
    )
    .join('---\n');
}

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')));

function printerFor(output: 'table' | 'json'): Printer {
  const write = (text: string) => void process.stdout.write(text);
  if (output === 'json') return jsonPrinter(write, Date.now);
  // A terminal without a size, such as a container's, says 0.
  const size = () => ({ columns: process.stdout.columns || 100, rows: process.stdout.rows || 40 });
  return tablePrinter({ write, size, colour: (process.env.NO_COLOR ?? '') === '' });
}

// Who reads our output may stop to: `ddr render FILE | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
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
  130  suspended by Ctrl-C or SIGTERM, or nobody reads the output any more; the same command goes on`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

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
  .action(
    async (
      file: string,
      options: { home: string; volume: string[]; processes?: number; output?: 'table' | 'json'; set: string[] },
    ) => {
      const prepared = {
        run: withSettings(readRun(file), options.set),
        home: options.home,
        volumes: parseVolumes(options.volume),
        processes: options.processes,
        printer: printerFor(options.output ?? (process.stdout.isTTY && process.env.TERM !== 'dumb' ? 'table' : 'json')),
      };
      process.exitCode = interruptedCode; // that of a run whose output nobody reads any more
      process.exitCode = await runLocally(prepared);
    },
  );

program
  .command('validate')
  .description('check resources as the API server would, and say what is wrong where')
  .argument('<file...>', 'YAML files')
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
  .command('report')
  .description('show the newest report below a folder')
  .argument('[folder]', 'home of `ddr run`, or a mounted volume', '.ddr')
  .action((folder: string) => console.log(describeNewestReport(folder).join('\n')));

program
  .command('version')
  .description('print the version')
  .action(() => console.log(version));

try {
  await program.parseAsync();
} catch (error) {
  const described = toDdrError(error);
  console.error(described.describe());
  if (described.code === 'Unexpected' && error instanceof Error) console.error(error.stack);
  process.exitCode = 1;
}
process.exit();
