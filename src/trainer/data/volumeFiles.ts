import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { isMissing } from '../formats/fileErrors.ts';
import { type FileName, showName } from './fileName.ts';
import { filesBelow, isFolder } from './folder.ts';
import type { Tick } from './source.ts';
import { byName, changed, type SourceFile, type SourceFiles } from './sourceFiles.ts';
import { resolveBelow, resolveInVolume, toInputError } from './volume.ts';

/** Bytes that are read at once of a file that is read whole. */
const pieceBytes = 2 ** 20;

const stateOf = async (subject: FileHandle | FileName | string) => {
  const { size, mtimeNs } = await (typeof subject === 'object' && 'fd' in subject
    ? subject.stat({ bigint: true })
    : stat(subject, { bigint: true }));
  return { size: Number(size), version: `${size} ${mtimeNs}` };
};

/** Reads until the buffer is full or the file ends. @returns bytes read */
async function fill(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let read = 0;
  while (read < into.length) {
    const { bytesRead } = await handle.read(into, read, into.length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}

/**
 * Files of a volume: those below a folder, or one file by itself.
 * @param root of the volume, and `path` below it
 * @param where what messages call the place
 * @throws DdrError InputMissing, InputUnsafe
 */
export async function openVolumeFiles(
  root: string | undefined,
  path: string,
  where: string,
  tick: Tick = async () => {},
): Promise<SourceFiles> {
  const top = await resolveInVolume(root, path, 'dataset');
  const paths = new Map<string, FileName | string>();

  async function pathsBelow(): Promise<Map<string, FileName | string>> {
    if (!(await isFolder(top))) return new Map([[basename(top), top]]);
    const found = await filesBelow(top, root as string, tick);
    const within = (link: FileName) => resolveBelow(root as string, link, 'file', `${where}: ${showName(link)}`);
    return new Map(
      await Promise.all(
        found.map(
          async ({ name, path: file, isLink }) => [showName(name), isLink ? await within(file) : file] as const,
        ),
      ),
    );
  }

  /** Where a file is. Whoever has a list from before need not list anew. */
  async function pathOf({ name }: SourceFile): Promise<FileName | string> {
    const known = paths.get(name);
    if (known !== undefined) return known;
    const path = (await isFolder(top)) ? join(top, name) : top;
    const found = await resolveBelow(root as string, Buffer.from(path), 'file', `${where}: ${name}`);
    paths.set(name, found);
    return found;
  }

  /** Reads from a file, and looks afterwards whether it still is what was listed. */
  async function* reading(file: SourceFile, read: (handle: FileHandle) => AsyncIterable<Uint8Array>) {
    try {
      const handle = await open(await pathOf(file), constants.O_RDONLY | constants.O_NONBLOCK); // opening a pipe would wait for its writer
      try {
        yield* read(handle);
        if ((await stateOf(handle)).version !== file.version)
          throw changed({ where }, file, 'has changed since it was listed');
      } finally {
        await handle.close();
      }
    } catch (error) {
      const isGone = isMissing(error) || (error instanceof DdrError && error.code === 'InputMissing');
      throw isGone ? changed({ where }, file, 'has vanished') : toInputError(error, `${where}: ${file.name}`);
    }
  }

  async function* pieces(handle: FileHandle, file: SourceFile, offset: number, length: number, piece: number) {
    for (let at = offset; at < offset + length; at += piece) {
      const bytes = new Uint8Array(Math.min(piece, offset + length - at));
      if ((await fill(handle, bytes, at)) < bytes.length) throw changed({ where }, file, 'has become shorter');
      yield bytes;
    }
  }

  return {
    where,
    async list() {
      const files: SourceFile[] = [];
      for (const [name, place] of await pathsBelow()) {
        paths.set(name, place);
        await tick();
        try {
          files.push({ name, ...(await stateOf(place)) });
        } catch (error) {
          throw toInputError(error, `${where}: ${name}`);
        }
      }
      return files.sort(byName);
    },
    async range(file, offset, length) {
      let bytes: Uint8Array = new Uint8Array();
      for await (const piece of reading(file, (handle) => pieces(handle, file, offset, length, Math.max(length, 1))))
        bytes = piece;
      return bytes;
    },
    stream: (file) => reading(file, (handle) => pieces(handle, file, 0, file.size, pieceBytes)),
  };
}
