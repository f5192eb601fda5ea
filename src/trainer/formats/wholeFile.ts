import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DdrError } from '../../api/errors.ts';

/** Bytes of one read: fs.readFile refuses files of 2 GiB, and one read cannot be longer. */
const pieceBytes = 2 ** 28;

export interface WholeFileOptions {
  /** Largest file that is read into memory. */
  maximumBytes?: number;
  /** Bytes of one read; tests make it small. */
  piece?: number;
  /** What messages call it; its path where left out. */
  where?: string;
}

async function readAll(file: FileHandle, size: number, piece: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, Math.min(piece, size - length), length);
    if (bytesRead === 0) break; // cut off while it was read: whoever parses it says so
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/**
 * Reads a whole file of any size. Only a regular file: a pipe would let us wait for ever, a device would never end.
 * @throws DdrError InputForeign where it is no file, InputUnsafe where it is too large; Node's error where it is not there
 */
export async function readWholeFile(
  path: string | Buffer,
  { maximumBytes = Number.POSITIVE_INFINITY, piece = pieceBytes, where = String(path) }: WholeFileOptions = {},
): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // opening a pipe would wait for its writer
  try {
    const status = await file.stat();
    if (!status.isFile()) {
      if (!status.isDirectory()) throw new DdrError('InputForeign', 'is not a regular file', { where });
      throw new DdrError('InputForeign', 'is a folder, not a file', {
        where,
        hint: 'Name the file in it; a folder of images is read with format ImageFolder.',
      });
    }
    if (status.size > maximumBytes)
      throw new DdrError('InputUnsafe', `has ${status.size} bytes, more than ${maximumBytes}`, { where });
    return await readAll(file, status.size, piece);
  } finally {
    await file.close();
  }
}
