import { spawn } from 'node:child_process';
import { mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const operator = join(import.meta.dirname, '../../src/operator/main.ts');

/** A program that is killed at the end of the test, with a file of what it says. */
export function startProgram(
  t: TestContext,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { log: string } {
  const log = join(mkdtempSync(join(tmpdir(), 'ddr-log-')), 'log');
  const output = openSync(log, 'a');
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  });
  t.after(() => child.kill('SIGKILL'));
  return { log };
}

/** An operator as a process of its own. @param env its variables besides */
export const startOperator = (t: TestContext, kubeconfig: string, env: NodeJS.ProcessEnv) =>
  startProgram(t, process.execPath, [operator], {
    KUBECONFIG: kubeconfig,
    DDR_TRAINER_IMAGE: 'trainer:test',
    ...env,
  });
