import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DdrError } from '../api/errors.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Takes a lock file that holds this process's number; one of a process that has gone is taken over.
 * @returns a function that gives it back
 * @throws DdrError InvalidSpec where another process holds it
 */
export function takeLock(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = Number(readFileSync(path, 'utf8'));
    if (Number.isInteger(holder) && holder > 0 && isAlive(holder)) {
      throw new DdrError('InvalidSpec', `process ${holder} is running this already`, {
        where: path,
        hint: 'Wait for it, or stop it with Ctrl-C.',
      });
    }
    rmSync(path, { force: true });
  }
}
