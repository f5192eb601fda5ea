import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { leftovers, pinnedPath, root } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { withSpec } from '../../helpers/runs.ts';

/** A trainer that tells when it has started, and that it has saved, in files beside its volume's folders. */
const trainer = `
  const at = (name) => process.env.DDR_RUN_DIR + '/' + name;
  process.on('SIGTERM', () => { require('fs').writeFileSync(at('saved'), ''); setTimeout(() => process.exit(75), 300); });
  require('fs').writeFileSync(at('started'), '');
  setInterval(() => {}, 1000);`;

function prepare(t: TestContext): { home: string; args: string[] } {
  const home = temporaryFolder(t);
  mkdirSync(join(home, 'data'));
  writeFileSync(join(home, 'data/mnist'), '');
  mkdirSync(join(home, 'volume'));
  const containers = [{ name: 'trainer', command: [process.execPath, '-e', trainer] }];
  const run = withSpec({
    schedule: { states: 2 },
    checkpoints: { volume: { shared: { claimName: 'volume' } } },
    execution: { podTemplate: { spec: { containers } } },
  });
  writeFileSync(join(home, 'run.yaml'), JSON.stringify(run));
  const volumes = ['data', 'volume'].flatMap((claim) => ['--volume', `${claim}=${join(home, claim)}`]);
  return { home, args: ['run', join(home, 'run.yaml'), '--home', join(home, 'ddr'), ...volumes] };
}

/** Starts `npm run ddr`, leader of a group of its own, as a shell starts it; its output does not end with npm. */
function npmRunDdr(args: string[]): {
  child: ChildProcess;
  pid: number;
  ended: Promise<number | string>;
  output: () => string;
} {
  const child = spawn('npm', ['run', 'ddr', '--', ...args], {
    cwd: root,
    env: { ...process.env, PATH: pinnedPath },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | string>((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'gone')),
  );
  return { child, pid: child.pid ?? 0, ended, output: () => output };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 600, `not within a minute: ${what}`);
    await wait(100);
  }
}

interface Case {
  title: string;
  signal: NodeJS.Signals;
  /** To npm alone, or to all processes in front of a terminal. */
  to: 'npm' | 'group';
  /** What npm ends with. */
  ends: number | string;
}

const cases: Case[] = [
  { title: 'SIGTERM to npm', signal: 'SIGTERM', to: 'npm', ends: 130 },
  { title: 'SIGINT to npm', signal: 'SIGINT', to: 'npm', ends: 130 },
  { title: 'Ctrl-C, which a terminal sends to npm and to ddr', signal: 'SIGINT', to: 'group', ends: 130 },
  { title: 'a hang-up of npm', signal: 'SIGHUP', to: 'npm', ends: 'SIGHUP' },
  { title: 'a hang-up of the terminal', signal: 'SIGHUP', to: 'group', ends: 'SIGHUP' },
  { title: 'npm killed', signal: 'SIGKILL', to: 'npm', ends: 'SIGKILL' },
];

for (const { title, signal, to, ends } of cases) {
  test(`${title}: the state is saved, the run is suspended, and no process is left`, async (t) => {
    const { home, args } = prepare(t);
    const { pid, ended, output } = npmRunDdr(args);
    await until('a trainer starts', () => existsSync(join(home, 'volume/started')));
    process.kill(to === 'group' ? -pid : pid, signal);
    assert.equal(await ended, ends, output());
    await until('ddr has suspended the run', () => output().includes('Suspended. The same command goes on'));
    await until('all processes have ended', () => leftovers(home).length === 0);
    assert.ok(existsSync(join(home, 'volume/saved')));
    assert.equal(output().split('Stopping;').length, 2, 'it is told once');
    assert.doesNotMatch(output(), /Stopped\./);
    assert.ok(!existsSync(join(home, 'ddr/digits.lock')));
  });
}
