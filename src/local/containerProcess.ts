import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { terminationMessageBytes } from '../api/termination.ts';
import { freePort } from './freePort.ts';
import { type PodSpec, pathMapping } from './podSpec.ts';

/**
 * Variables that a process gets from this one though its pod does not name them: where programs, libraries and GPUs are, and
 * how one gets into networks and buckets without a Secret.
 */
const inherited =
  /^(PATH|HOME|LANG|LC_.*|TZ|LD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|TF_.*|XLA_.*|DDR_LOG_LEVEL|AWS_.*|NODE_EXTRA_CA_CERTS|(HTTPS?|NO)_PROXY|(https?|no)_proxy)$/;

export interface ContainerOptions {
  spec: PodSpec;
  /** Command of an image's entrypoint. */
  commandOf: (image: string) => string[];
  /** Folder of a claim. */
  folderOf: (claimName: string) => string;
  /** What a variable from a Secret is. */
  secretOf?: ((variable: string) => string | undefined) | undefined;
  /** File descriptor for its output; closed here. */
  output: number;
}

export interface Ending {
  exitCode: number;
  signal: string | undefined;
  /** Its termination message; empty where it wrote none. */
  message: string;
}

/** A pod's container as a process of this machine. */
export interface ContainerProcess {
  pid: number | undefined;
  /** Where it serves its progress. */
  port: number;
  /** Settles when it has ended and its temporary folder is gone; never rejects. */
  ended: Promise<Ending>;
  /** Asks it to save and end. */
  terminate(): void;
  /** Ends it, and what it has started, at once. */
  kill(): void;
}

/**
 * Starts a pod's container. The process leads a group of its own, so that Ctrl-C is for us, who ask it to save; and it must
 * end when its standard input does, because that is how it learns that we have gone, even by SIGKILL.
 * @throws DdrError InvalidSpec where its mounts name a volume that is not there
 */
export async function startContainer(options: ContainerOptions): Promise<ContainerProcess> {
  const { spec, commandOf, folderOf, secretOf = () => undefined, output } = options;
  const [container] = spec.containers;
  const scratch = mkdtempSync(join(tmpdir(), 'ddr-pod-'));
  try {
    const empty = (name: string) => {
      const folder = join(scratch, 'volumes', name);
      mkdirSync(folder, { recursive: true });
      return folder;
    };
    const local = pathMapping(spec, { claim: folderOf, empty });
    const port = await freePort();
    const word = join(scratch, 'termination-log');
    const given = container.env.flatMap(({ name, value, valueFrom }) => {
      const text = valueFrom === undefined ? local(value) : secretOf(name);
      return text === undefined ? [] : [[name, text] as const];
    });
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name))),
      TMPDIR: scratch,
      ...Object.fromEntries(given),
      DDR_HTTP_PORT: String(port),
      DDR_TERMINATION_LOG: word,
      DDR_EXIT_WITH_PARENT: '1',
    };
    const [program = '', ...args] = [...(container.command ?? commandOf(container.image)), ...container.args];
    const child = spawn(program, args, {
      env,
      stdio: ['pipe', output, output],
      detached: true,
      ...(container.workingDir === undefined ? {} : { cwd: local(container.workingDir) }),
    });
    child.stdin?.on('error', () => {}); // it may end before it reads
    const ended = endOf(child).then(({ message, ...ending }) => {
      killGroup(child);
      const said = existsSync(word) ? readFileSync(word).subarray(0, terminationMessageBytes).toString('utf8') : '';
      rmSync(scratch, { recursive: true, force: true });
      return { ...ending, message: said || message };
    });
    return { pid: child.pid, port, ended, terminate: () => child.kill('SIGTERM'), kill: () => killGroup(child) };
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  } finally {
    closeSync(output);
  }
}

/** How a process ended; with the codes of a shell where it could not be started or a signal ended it. */
function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ exitCode: 127, signal: undefined, message: error.message }));
    child.once('exit', (code, signal) =>
      resolve({ exitCode: code ?? (signal === 'SIGTERM' ? 143 : 137), signal: signal ?? undefined, message: '' }),
    );
  });
}

/** Ends a process and what it has started and left behind. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None is left.
  }
}
