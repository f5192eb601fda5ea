import { randomUUID } from 'node:crypto';
import { constants, copyFile, mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { hasCode, isMissing } from '../formats/fileErrors.ts';
import { readWholeFile } from '../formats/wholeFile.ts';
import { attemptOf, highestOf, newestOr } from './attempt.ts';
import { checkedKey } from './keys.ts';
import { createOpenFiles } from './openFiles.ts';
import type { ArtifactStore, Attempt, Content } from './store.ts';

/** Prefix of folders that are being written. Readers never look into them. */
const partial = '.partial-';

function rethrow(error: unknown): never {
  throw toDdrError(error);
}

const pathIn = (root: string, key: string): string => join(root, checkedKey(key));

/** Names in a folder, sorted, half-written folders among them; none where it is not there. */
const allNamesIn = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : rethrow(error)));
  return names.sort();
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => (isMissing(error) ? false : rethrow(error)),
  );

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeContent(path: string, content: Content, pathOf: (key: string) => string): Promise<void> {
  if (typeof content === 'object' && 'copyOf' in content) {
    await copyFile(pathOf(content.copyOf), path, constants.COPYFILE_FICLONE);
    return sync(path);
  }
  const handle = await open(path, 'w');
  try {
    await writeFile(handle, content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files are written beside the folder, synced, and renamed into place. */
async function commitFolder(
  folder: string,
  files: Record<string, Content>,
  pathOf: (key: string) => string,
  onFile: () => Promise<void>,
  settle: () => string,
): Promise<void> {
  const parent = dirname(pathOf(folder));
  const temporary = join(parent, `${partial}${basename(folder)}-${randomUUID()}`);
  try {
    await mkdir(temporary, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeContent(pathIn(temporary, name), content, pathOf);
      await onFile();
    }
    await sync(temporary);
    const target = pathOf(settle());
    await rename(temporary, target).catch(async (error: unknown) => {
      if (!(await isThere(target))) throw error;
    });
    await sync(parent);
  } catch (error) {
    rethrow(error);
  } finally {
    // What cannot be removed now goes with removePartial, and must not hide why nothing was committed.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

async function removeBeginning(folder: string, beginning: string): Promise<void> {
  for (const name of await allNamesIn(folder)) {
    if (name.startsWith(beginning)) await rm(join(folder, name), { recursive: true, force: true }).catch(rethrow);
  }
}

const highestIn = async (folder: string) => highestOf(await allNamesIn(folder));

/**
 * Takes the next number by creating its file exclusively. A pod whose node was cut off may go on after its successor has
 * started; it must not write over it.
 */
async function nextAttempt(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true }).catch(rethrow);
  for (;;) {
    const number = (await highestIn(folder)) + 1;
    try {
      await writeFile(join(folder, String(number)), '', { flag: 'wx' });
      return number;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) rethrow(error);
    }
  }
}

async function takeAttempt(folder: string): Promise<Attempt> {
  const number = await nextAttempt(folder);
  return attemptOf(
    number,
    newestOr(number, folder, () => highestIn(folder)),
  );
}

/** A folder of a POSIX file system as a store. @param root must be there */
export function createPosixStore(root: string): ArtifactStore {
  const pathOf = (key: string) => pathIn(root, key);
  const openFiles = createOpenFiles();
  return {
    describe: pathOf,
    exists: (key) => isThere(pathOf(key)),
    read: (key) => readWholeFile(pathOf(key)).catch((error) => (isMissing(error) ? undefined : rethrow(error))),
    readRange: (key, offset, length) =>
      openFiles.read(pathOf(key), offset, length).catch((error: unknown) => {
        const where = pathOf(key);
        if (isMissing(error)) throw new DdrError('InputMissing', 'is not there', { where });
        if (hasCode(error, 'EISDIR')) throw new DdrError('InputForeign', 'is a folder, not a file', { where });
        rethrow(error);
      }),
    async list(key) {
      return (await allNamesIn(pathOf(key))).filter((name) => !name.startsWith(partial));
    },
    commit: (folder, files, onFile = async () => {}, settle = () => folder) =>
      commitFolder(folder, files, pathOf, onFile, settle),
    async free() {
      const { bavail, bsize } = await statfs(root).catch(rethrow);
      return bavail * bsize;
    },
    remove: (key) => rm(pathOf(key), { recursive: true, force: true }).catch(rethrow),
    async quarantine(folder) {
      const path = pathOf(folder);
      const name = `damaged-${basename(path)}-${randomUUID().slice(0, 8)}`;
      await rename(path, join(dirname(path), name)).catch(rethrow);
    },
    async removePartial(where) {
      if ('below' in where) return removeBeginning(pathOf(where.below), partial);
      const path = pathOf(where.folder);
      await removeBeginning(dirname(path), `${partial}${basename(path)}-`);
    },
    takeAttempt: (key) => takeAttempt(pathOf(key)),
  };
}
