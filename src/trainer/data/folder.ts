import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { DdrError } from '../../api/errors.ts';
import { type FileName, joinNames, showName } from './fileName.ts';
import type { ImageFiles } from './imageFiles.ts';
import { headBytes } from './imageFormat.ts';
import { isHidden } from './imageNames.ts';
import type { Tick } from './source.ts';
import { readInput, readInputRange, resolveBelow, toInputError } from './volume.ts';

/** A file below a folder. */
export interface FolderFile {
  /** Path below the folder. */
  name: FileName;
  /** Path to read it by. */
  path: FileName;
  isLink: boolean;
}

/** Whether a path is a folder, a link to one included; one to nothing, to itself or where nobody may look is none. */
export async function isFolder(path: string | FileName): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Files below a folder of a volume that are not hidden, in no order. Links are followed, but no folder is entered twice: a
 * link to a folder above would multiply the images.
 * @throws DdrError InputUnsafe where a folder lies outside the volume
 */
export async function filesBelow(top: string, root: string, tick: Tick): Promise<FolderFile[]> {
  const found: FolderFile[] = [];
  const entered = new Set<string>();
  const waiting: FileName[] = [Buffer.alloc(0)];
  for (let within = waiting.pop(); within !== undefined; within = waiting.pop()) {
    const shown = joinNames(Buffer.from(top), within);
    const folder = await resolveBelow(root, shown, 'folder of images', showName(shown));
    const key = folder.toString('latin1');
    if (entered.has(key)) continue;
    entered.add(key);
    await tick();
    const folders: FileName[] = [];
    for (const entry of await entriesOf(folder)) {
      if (isHidden(entry.name)) continue;
      const [name, path] = [joinNames(within, entry.name), joinNames(folder, entry.name)];
      const isLink = entry.isSymbolicLink();
      if (entry.isDirectory() || (isLink && (await isFolder(path)))) folders.push(name);
      else found.push({ name, path, isLink });
    }
    // The first by name is entered first: where links lead to one folder twice, always the same name stays.
    waiting.push(...folders.sort(Buffer.compare).reverse());
  }
  return found;
}

const entriesOf = (folder: FileName): Promise<Dirent<FileName>[]> =>
  readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch((error: unknown) => {
    const where = showName(folder);
    if (!isFileInstead(error)) throw toInputError(error, where);
    throw new DdrError('InputForeign', 'is not a folder', {
      where,
      hint: 'A zip archive of images is read with format ImageZip; else name the folder that the images are in.',
    });
  });

const isFileInstead = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOTDIR';

/** A link to nothing is as good as an image that cannot be decoded: it may be left out. */
const linkTarget = (root: string, path: FileName, where: string): Promise<FileName> =>
  resolveBelow(root, path, 'image', where).catch((error: unknown) => {
    if (!(error instanceof DdrError) || error.code !== 'InputMissing') throw error;
    throw new DdrError('InputForeign', 'is a link to what is not there', {
      where,
      hint: 'Copy what it links to onto the volume; links of git-annex and DVC are fetched by "git annex get", "dvc pull".',
      cause: error,
    });
  });

/**
 * Opens a folder of images.
 * @param path resolved
 * @throws DdrError InputForeign, InputUnsafe, InputMissing
 */
export async function openFolder(path: string, root: string, tick: Tick): Promise<ImageFiles> {
  const files = await filesBelow(path, root, tick);
  const file = (index: number) => files[index] as FolderFile;
  const where = (index: number) => showName(joinNames(Buffer.from(path), file(index).name));
  /** A link inside the folder may still lead out of the volume. */
  const target = async (index: number) => {
    const { path, isLink } = file(index);
    return isLink ? linkTarget(root, path, where(index)) : path;
  };
  return {
    names: files.map(({ name }) => name),
    where,
    read: async (index) => readInput(await target(index), where(index)),
    head: (index) =>
      target(index)
        .then((path) => readInputRange(path, 0, headBytes))
        .catch(() => new Uint8Array()),
  };
}
