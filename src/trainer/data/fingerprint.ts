import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../../api/spec/dataset.ts';
import { idxFile } from './arrayFiles.ts';
import type { FileName } from './fileName.ts';
import { filesBelow, isFolder } from './folder.ts';
import type { Tick } from './source.ts';

/** Size and time of a file. One that cannot be looked at has none; whoever reads it says why. */
async function stateOf(path: string | FileName): Promise<string> {
  try {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    return `${size} ${mtimeNs}`;
  } catch {
    return '-';
  }
}

/** What is in a folder, in the order of names; a file is only itself. */
async function withContent(path: string): Promise<string[]> {
  if (!(await isFolder(path))) return [path];
  const names = await readdir(path, { recursive: true }).catch(() => []);
  return [path, ...names.sort().map((name) => join(path, name))];
}

/** sha256 over size and time of files, in their order; of folders over what is in them. */
export async function fingerprintOfFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const given of paths) for (const path of await withContent(given)) hash.update(`${await stateOf(path)}\n`);
  return hash.digest('hex');
}

/**
 * sha256 over paths, sizes and times of what a dataset is read from: another one where files have changed, and without
 * reading them.
 * @param path resolved, and `root` its volume
 */
export async function fingerprintOf(dataset: Dataset, path: string, root: string, tick: Tick): Promise<string> {
  if (dataset.format === 'Idx') return fingerprintOfFiles([await idxFile(path)]);
  if (dataset.format !== 'ImageFolder' && !(await isFolder(path))) return fingerprintOfFiles([path]);
  const hash = createHash('sha256');
  const files = await filesBelow(path, root, tick);
  for (const { name, path: file } of files.sort((a, b) => Buffer.compare(a.name, b.name))) {
    hash.update(name).update(`\0${await stateOf(file)}\n`);
    await tick();
  }
  return hash.digest('hex');
}
