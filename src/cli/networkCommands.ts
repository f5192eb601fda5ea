import { type Command, Option } from 'commander';
import { presets } from '../trainer/model/presets.ts';
import { checkBundle, exportBundle, type Format, formats, importBundle, type MoveOptions } from './bundle.ts';
import { describeModels, renderDescription } from './describeModel.ts';
import type { DdrEnvironment } from './environment.ts';
import { untilStopped } from './fetch/command.ts';
import { placesHelp, withBundle } from './places.ts';
import { isOrphan, outputOption, reporterFor } from './resultCommands.ts';

interface DescribeArguments {
  batch?: number;
  output: 'table' | 'json';
}

interface BundleArguments {
  namespace?: string;
  format: Format;
  output?: 'bar' | 'json';
  digest?: string;
}

const formatOption = () =>
  new Option('--format <format>', 'a bundle as it is, or a folder per model as diffusers keeps networks')
    .choices(formats)
    .default('ddr');

const namespaceOption = () =>
  new Option('-n, --namespace <namespace>', "of run://NAME; default: that of the kubeconfig's context");

/** Adds commands about networks and their weights. @param positive parses a whole number, 1 at least */
export function addNetworkCommands(
  program: Command,
  environment: DdrEnvironment,
  positive: (text: string) => number,
): void {
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
  addBundleCommands(program, environment);
}

function addBundleCommands(program: Command, environment: DdrEnvironment): void {
  /** Does something with a bundle, which a signal may stop. */
  const act = async (
    { namespace, output }: BundleArguments,
    work: (options: Pick<MoveOptions, 'reporter' | 'read'>) => Promise<void>,
  ) => {
    const reporter = reporterFor(output, environment);
    process.exitCode = await untilStopped(
      reporter,
      () => isOrphan(environment),
      (signal) => work({ reporter, read: (text, use) => withBundle(text, { namespace, signal, reporter }, use) }),
    );
  };
  const bundle = program
    .command('bundle')
    .description('the models of a run: moved, checked, and in layouts that others read');
  bundle
    .command('export')
    .description('copy a bundle, verified, or write it as diffusers keeps networks; docs/bundle.md loads that')
    .argument('<bundle>', placesHelp)
    .argument('<to>', 'folder to make, here or as s3://bucket/prefix/folder')
    .addOption(formatOption())
    .addOption(namespaceOption())
    .addOption(outputOption())
    .action((from: string, to: string, options: BundleArguments) =>
      act(options, (common) => exportBundle({ from, to, format: options.format, ...common })),
    );
  bundle
    .command('import')
    .description(
      'the same the other way; of a folder as diffusers has it, whose weights may have been trained on since, make a bundle',
    )
    .argument('<from>', 'what export has made')
    .argument('<bundle>', 'folder to make, here or as s3://bucket/prefix/folder')
    .addOption(formatOption())
    .addOption(namespaceOption())
    .addOption(outputOption())
    .action((from: string, to: string, options: BundleArguments) =>
      act(options, (common) => importBundle({ from, to, format: options.format, ...common })),
    );
  bundle
    .command('verify')
    .description('read all of a bundle and check it by the digests of its manifest')
    .argument('<bundle>', placesHelp)
    .option('--digest <sha256>', 'that its manifest is to have: status.bundle.digest of its run')
    .addOption(namespaceOption())
    .addOption(outputOption())
    .action((from: string, options: BundleArguments) =>
      act(options, (common) => checkBundle({ from, ...common }, options.digest)),
    );
}
