import { mkdir, open, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DdrError } from '../../../api/errors.ts';
import { isPlainPath } from '../../formats/plainPath.ts';
import { inOrder } from '../inOrder.ts';
import type { Tick } from '../source.ts';
import { changed, type SourceFile } from '../sourceFiles.ts';
import type { Remote } from './remote.ts';

/** Files that are on their way at once. */
const atOnce = 8;

/** What of a disk's room is used: file systems need some of it for themselves. */
const usable = 0.95;

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Where files are put that are fetched. */
export interface Room {
  folder: string;
  /** Bytes that they may take. */
  bytes: number;
}

/** @throws DdrError DiskFull */
async function requireRoom(files: readonly SourceFile[], { folder, bytes }: Room): Promise<void> {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(folder);
  const room = Math.min(bytes * usable, bavail * bsize);
  if (needed <= room) return;
  const most = `${gibibytes(room)} of ${folder} may be used`;
  throw new DdrError('DiskFull', `the files that are to be fetched have ${gibibytes(needed)}, and ${most}`, {
    hint: `Set dataset.cache.size to ${Math.ceil(needed / usable / 2 ** 30)}Gi or more, on nodes that have so much; or use shards, format WebDataset or Parquet, which are read where they are.`,
  });
}

/** @throws DdrError InputUnsafe where a name leads out of the folder */
function pathIn(folder: string, name: string): string {
  if (isPlainPath(name)) return join(folder, name);
  throw new DdrError('InputUnsafe', 'has a name that is no path of a file', { where: name });
}

async function fetchFile(remote: Remote, file: SourceFile, path: string, tick: Tick): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'wx');
  try {
    let size = 0;
    for await (const piece of remote.stream(file)) {
      await handle.writeFile(piece);
      size += piece.length;
      await tick();
    }
    if (size !== file.size)
      throw changed({ where: remote.describe('') }, file, `has ${size} bytes instead of ${file.size}`);
  } finally {
    await handle.close();
  }
}

/**
 * Fetches files into an empty folder, each to its name, as they were when they were listed.
 * @param tick told of every piece; may throw to stop
 * @throws DdrError DiskFull before anything is fetched, DataChanged, SourceUnavailable, InputUnsafe, FileAccess
 */
export async function fetchFiles(remote: Remote, files: readonly SourceFile[], room: Room, tick: Tick): Promise<void> {
  await requireRoom(files, room);
  const work = (file: SourceFile) => fetchFile(remote, file, pathIn(room.folder, file.name), tick);
  for await (const _ of inOrder(files, atOnce, work)) await tick();
}
