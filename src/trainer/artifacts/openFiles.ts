import { type FileHandle, open } from 'node:fs/promises';
import { DdrError } from '../../api/errors.ts';

/** Milliseconds that a file stays open after its last read. */
const idleMilliseconds = 1000;

/** Bytes of one read, which cannot be longer than 2 GiB. */
const pieceBytes = 2 ** 28;

interface OpenFile {
  handle: Promise<FileHandle>;
  /** Reads under way. */
  users: number;
  timer?: NodeJS.Timeout;
}

/**
 * Reads files by position and keeps them open between reads that follow one another: on a network file system each opening
 * asks the server.
 * @param idle milliseconds that a file stays open after its last read
 */
export function createOpenFiles(idle = idleMilliseconds) {
  const files = new Map<string, OpenFile>();

  async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
    const file = files.get(path) ?? { handle: open(path, 'r'), users: 0 };
    files.set(path, file);
    clearTimeout(file.timer);
    file.users++;
    try {
      return await use(await file.handle);
    } catch (error) {
      files.delete(path); // the next read opens it anew
      throw error;
    } finally {
      if (--file.users === 0)
        file.timer = setTimeout(() => close(path, file), files.get(path) === file ? idle : 0).unref();
    }
  }

  function close(path: string, file: OpenFile): void {
    if (files.get(path) === file) files.delete(path);
    file.handle.then((handle) => handle.close()).catch(() => {}); // nothing was written
  }

  return {
    /** @throws DdrError InputTruncated where the file ends before; Node's error where it is not there */
    read: (path: string, offset: number, length: number): Promise<Uint8Array> =>
      withFile(path, async (handle) => {
        const bytes = new Uint8Array(length);
        let at = 0;
        while (at < length) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, pieceBytes), offset + at);
          if (bytesRead === 0)
            throw new DdrError('InputTruncated', `ends before byte ${offset + length}`, { where: path });
          at += bytesRead;
        }
        return bytes;
      }),
  };
}
