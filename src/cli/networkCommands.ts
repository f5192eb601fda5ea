import { type Command, Option } from 'commander';
import { presets } from '../trainer/model/presets.ts';
import { exportBundle, importBundle } from './bundle.ts';
import { describeModels, renderDescription } from './describeModel.ts';

interface DescribeArguments {
  batch?: number;
  output: 'table' | 'json';
}

const formatOption = () =>
  new Option('--format <format>', 'layout of the folder').choices(['diffusers']).makeOptionMandatory();

/** Adds commands about networks and their weights. @param positive parses a whole number, 1 at least */
export function addNetworkCommands(program: Command, positive: (text: string) => number): void {
  program
    .command('model')
    .description('networks and what they need')
    .command('describe')
    .description('show layers, parameters, FLOPs and the memory of a step, without making any of it')
    .argument('<target>', `one of ${Object.keys(presets).join(', ')}; or YAML with one DisentangledDiffusionRun`)
    .option('--batch <n>', 'images of a step; default: what the run says, 64 for a preset', positive)
    .addOption(new Option('--output <format>', 'how it is shown').choices(['table', 'json']).default('table'))
    .action((target: string, { batch, output }: DescribeArguments) => {
      const descriptions = describeModels(target, batch);
      if (output === 'json') console.log(JSON.stringify(descriptions, undefined, 1));
      else console.log(descriptions.map((each) => renderDescription(each).join('\n')).join('\n\n'));
    });
  const bundle = program.command('bundle').description('the models of a run, in layouts that others read');
  bundle
    .command('export')
    .description('write a bundle as diffusers keeps networks, a folder per model; docs/bundle.md loads it')
    .argument('<bundle>', 'folder with a manifest.json, such as runs/NAME/bundles/ADDRESS on a volume')
    .argument('<folder>', 'folder to make')
    .addOption(formatOption())
    .action(async (from: string, folder: string) => console.log(await exportBundle(from, folder)));
  bundle
    .command('import')
    .description('make a bundle of such a folder, whose weights may have been trained on since')
    .argument('<folder>', 'folder that export has made')
    .argument('<bundle>', 'folder to make')
    .addOption(formatOption())
    .action(async (folder: string, to: string) => console.log(await importBundle(folder, to)));
}
