import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** PATH on which `node` is the one that runs the tests. */
export const pinnedPath = `${dirname(process.execPath)}:${process.env.PATH}`;

/** Processes, other than this one, that name a folder in their arguments or their environment. */
export function leftovers(folder: string): string[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return ''; // it has ended, or is another user's
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => `${read(pid, 'cmdline')} ${read(pid, 'environ')}`.includes(folder))
    .map((pid) => `${pid} ${read(pid, 'cmdline')}`);
}

export interface DdrEvent {
  event: string;
  phase?: string;
  models?: string;
  images?: number;
  message?: string;
  report?: string;
  results?: {
    frechetDistance?: number;
    digest: string;
    sampleCount: number;
    metrics?: { name: string; value: number }[];
  };
  bundle?: { path: string; digest: string };
  failures?: { reason: string; message: string; states?: string }[];
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  events: DdrEvent[];
  errors: string;
}

/** Runs `ddr` with JSON output; `onEvent` sees every event as it comes. @param env variables besides those of this process */
export function ddr(
  args: string[],
  onEvent: (event: DdrEvent, child: ChildProcess) => void = () => {},
  env: Record<string, string> = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: DdrEvent[] = [];
  let [rest, errors] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((line) => line.startsWith('{'))) {
      const event = JSON.parse(line) as DdrEvent;
      events.push(event);
      onEvent(event, child);
    }
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, events, errors })));
}
