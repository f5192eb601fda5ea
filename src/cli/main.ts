#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { dump } from 'js-yaml';
import { DdrError, toDdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { reachesNoise } from '../diffusion/latentStates.ts';
import { allChildren } from '../operator/plan/children.ts';
import { statesOf } from '../operator/plan/identity.ts';
import { stageOf } from '../operator/plan/stage.ts';
import { readRun, readRuns } from './documents.ts';
import { describeNewestReport } from './report.ts';
import { runLocally } from './run.ts';
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
  for (const file of files) {
    try {
      for (const { metadata, spec } of readRuns(file)) {
        const states = statesOf(spec);
        const { statesPerModel } = spec.schedule;
        console.log(
          `${file}: ${metadata.name} is valid: ${states.length} states, ${states.length / statesPerModel} models`,
        );
        if (!reachesNoise(states) && spec.sampling.start !== 'MomentMatched') {
          console.log(
            `${file}: warning: spec.schedule leaves √ᾱ = ${Math.sqrt(states.at(-1)?.alphaBar ?? 1).toPrecision(3)} at the noisiest state, which is not noise; include timestep T − 1, or set spec.sampling.start to MomentMatched`,
          );
        }
      }
    } catch (error) {
      right = false;
      console.error(toDdrError(error).describe());
    }
  }
  return right;
}

function render(run: Run, trainerImage: string): string {
  const stage = stageOf(run, { jobs: [], pods: [], claims: [], progress: new Map() });
  return allChildren(run, stage, { trainerImage })
    .map((child) => dump(child, { lineWidth: 120, noRefs: true }))
    .join('---\n');
}

const program = new Command('ddr')
  .description('Disentangled diffusion: trains one model per latent state, on a cluster or on this machine.')
  .version('0.1.0')
  .addHelpText(
    'after',
    '\nExit codes: 0 success, 1 the run failed or input is wrong, 2 wrong usage, 130 suspended by Ctrl-C.',
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
      process.exitCode = await runLocally({
        run: withSettings(readRun(file), options.set),
        home: options.home,
        volumes: parseVolumes(options.volume),
        processes: options.processes,
        output: options.output ?? (process.stdout.isTTY ? 'table' : 'json'),
      });
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
  .option('--trainer-image <image>', 'image of trainer pods', 'ddr/trainer:0.1.0')
  .addOption(setOption())
  .action((file: string, { trainerImage, set }: { trainerImage: string; set: string[] }) => {
    process.stdout.write(render(withSettings(readRun(file), set), trainerImage));
  });

program
  .command('report')
  .description('show the newest report below a folder')
  .argument('[folder]', 'home of `ddr run`, or a mounted volume', '.ddr')
  .action((folder: string) => console.log(describeNewestReport(folder).join('\n')));

try {
  await program.parseAsync();
} catch (error) {
  console.error(toDdrError(error).describe());
  if (!(error instanceof DdrError) && error instanceof Error) console.error(error.stack);
  process.exitCode = 1;
}
process.exit();
