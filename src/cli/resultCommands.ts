import { Argument, type Command, Option } from 'commander';
import type { DdrEnvironment } from './environment.ts';
import { fetchRun } from './fetch/command.ts';
import { type Kind, kinds } from './fetch/fetch.ts';
import { jsonReporter, type Reporter, terminalReporter } from './fetch/reporter.ts';

interface FetchArguments {
  namespace?: string;
  to?: string;
  from?: string;
  image?: string;
  output?: 'bar' | 'json';
}

/** A bar on a terminal, lines of JSON elsewhere. */
export function reporterFor(output: 'bar' | 'json' | undefined, { TERM }: DdrEnvironment): Reporter {
  const write = (text: string) => void process.stdout.write(text);
  const isTerminal = process.stdout.isTTY && TERM !== 'dumb';
  if ((output ?? (isTerminal ? 'bar' : 'json')) === 'json') return jsonReporter(write, Date.now);
  return terminalReporter(
    write,
    () => process.stdout.columns || 100,
    () => performance.now(),
  );
}

export const outputOption = () =>
  new Option('--output <format>', 'how progress is shown; default: a bar on a terminal').choices(['bar', 'json']);

/** Whether what has started this process is gone. */
export const isOrphan = ({ DDR_PARENT }: DdrEnvironment) => DDR_PARENT !== undefined && DDR_PARENT !== process.ppid;

/** Adds the command that brings results to people. */
export function addResultCommands(program: Command, environment: DdrEnvironment): void {
  program
    .command('fetch')
    .description('fetch what a run has made: verified, and going on where it was stopped')
    .argument('<run>', 'name of the run, or YAML with one DisentangledDiffusionRun')
    .addArgument(new Argument('[what...]', 'what of it').choices(kinds).default(['report'], 'report'))
    .option('-n, --namespace <namespace>', "default: the file's, or that of the kubeconfig's context")
    .option('--to <folder>', 'where folders report, samples and bundle are made; default: the name of the run')
    .option(
      '--from <place>',
      'not by a cluster: the home of `ddr run`, a folder that stands for its claim, or s3://bucket/prefix',
    )
    .option('--image <image>', 'image of the pod that reads a claim; default: that of the run’s pods')
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Results in a bucket are read with your own AWS_* variables (AWS_ENDPOINT_URL_S3 where the server is not Amazon's, or has
another name for you than for pods). Results on a claim are read through the API server, by a pod that lives as long as this command; docs/fetch.md has the
Role that it needs. The same command fetches what is missing, and nothing twice.`,
    )
    .action(async (target: string, what: Kind[], { namespace, to, from, image, output }: FetchArguments) => {
      process.exitCode = await fetchRun({
        target,
        kinds: kinds.filter((kind) => what.includes(kind)),
        namespace,
        to,
        from,
        image,
        reporter: reporterFor(output, environment),
        isOrphan: () => isOrphan(environment),
      });
    });
}
