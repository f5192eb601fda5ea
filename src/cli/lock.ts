import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DdrError } from '../api/errors.ts';

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** When a process started, in ticks since boot: process numbers are used again, the pair is not. Linux only. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''; // field 22; the name before may hold anything
  } catch {
    return '';
  }
}

/** Whether the process that wrote this into a lock is still there. */
function isHeld(text: string): boolean {
  const [pid = Number.NaN, start] = [Number(text.split(' ')[0]), text.split(' ')[1] ?? ''];
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isErrno(error, 'EPERM'); // somebody else's
  }
  return start === startOf(pid);
}

/**
 * Takes a lock file that names this process; one whose process has gone, even by SIGKILL, is taken over.
 * @returns a function that gives it back
 * @throws DdrError InvalidSpec where another process holds it
 */
export function takeLock(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  const text = `${process.pid} ${startOf(process.pid)}`;
  // Linked into place, so that a lock is never seen without what is in it.
  writeFileSync(own, text);
  try {
    for (;;) {
      try {
        linkSync(own, path);
        return () => {
          if (read(path) === text) rmSync(path, { force: true });
        };
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
      const holder = read(path);
      if (holder === undefined) continue;
      if (isHeld(holder)) {
        throw new DdrError('InvalidSpec', `process ${holder.split(' ')[0]} is running this already`, {
          where: path,
          hint: 'Wait for it, or stop it with Ctrl-C.',
        });
      }
      removeStale(path, holder);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes a lock if it is still the stale one: another process may have taken it over meanwhile. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    if (read(aside) !== stale) linkSync(aside, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
