import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { hasCode, isMissing } from '../formats/fileErrors.ts';
import { readWholeFile } from '../formats/wholeFile.ts';
import { type FileName, showName } from './fileName.ts';

/** Largest input file that is read into memory. */
const maximumBytes = 2 ** 32;

/** A socket, or a device that nothing stands behind. */
const isNoFile = (error: unknown) => hasCode(error, 'ENXIO', 'ENODEV');

/**
 * Absolute path of something on a volume, symbolic links resolved.
 * @throws DdrError InputMissing where it is not there, InputUnsafe where it lies outside the volume
 */
export async function resolveInVolume(root: string | undefined, path: string, what: string): Promise<string> {
  if (root === undefined) {
    throw new DdrError('InvalidTask', `there is no volume for the ${what}`, {
      hint: 'The operator sets DDR_DATA_DIR and its like.',
    });
  }
  const where = path === '' ? `the root of the ${what}'s volume` : path;
  const target = await resolveBelow(root, Buffer.from(join(root, path)), what, where);
  return target.toString();
}

/**
 * The same for a path that need not be text.
 * @param path absolute, and `where` what messages call it
 */
export async function resolveBelow(root: string, path: FileName, what: string, where: string): Promise<FileName> {
  try {
    const base = await realpath(root, 'buffer');
    const target = await realpath(path, 'buffer');
    const inside = Buffer.concat([base, Buffer.from(base.toString() === sep ? '' : sep)]);
    if (target.equals(base) || target.subarray(0, inside.length).equals(inside)) return target;
  } catch (error) {
    if (hasCode(error, 'ELOOP')) throw new DdrError('InputForeign', `the ${what} is a circle of links`, { where });
    if (!isMissing(error)) throw toInputError(error, where);
    throw new DdrError('InputMissing', `the ${what} is not there`, {
      where,
      hint: 'Check claimName and path, and what is on the volume.',
    });
  }
  throw new DdrError('InputUnsafe', `the ${what} lies outside its volume`, {
    where,
    hint: 'Only what is on the volume is read: copy what the link leads to onto it.',
  });
}

/** Errors of reading a file as those of an input. */
export function toInputError(error: unknown, where: string): DdrError {
  if (isMissing(error)) return new DdrError('InputMissing', 'is not there', { where });
  if (isNoFile(error)) return new DdrError('InputForeign', 'is not a regular file', { where });
  if (!(error instanceof Error && 'syscall' in error)) return toDdrError(error);
  // Node's own message ends with the path, as its bytes are.
  return new DdrError('FileAccess', error.message.split(', ')[0] as string, {
    where,
    ...(hasCode(error, 'EACCES', 'EPERM') && {
      hint: 'Make it readable for the pod\'s user, such as with "chmod -R a+rX".',
    }),
    cause: error,
  });
}

/**
 * Reads a whole file.
 * @param tooLargeHint what to do where it is too large to be read whole
 * @throws DdrError InputMissing, InputForeign where it is no file, InputUnsafe where it is too large, FileAccess
 */
export async function readInput(
  path: string | FileName,
  where = showName(Buffer.from(path)),
  tooLargeHint?: string,
): Promise<Uint8Array> {
  try {
    return await readWholeFile(path, { maximumBytes, where });
  } catch (error) {
    if (error instanceof DdrError && error.code === 'InputUnsafe' && tooLargeHint !== undefined)
      throw new DdrError(error.code, error.message, { where, hint: tooLargeHint, cause: error });
    throw toInputError(error, where);
  }
}

/**
 * Some bytes of a file by position; fewer where it ends before.
 * @throws DdrError InputMissing, InputForeign where it is no file, FileAccess
 */
export async function readInputRange(
  path: string | FileName,
  offset: number,
  length: number,
  where = showName(Buffer.from(path)),
): Promise<Uint8Array> {
  const foreign = new DdrError('InputForeign', 'is not a regular file', { where });
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // opening a pipe would wait for its writer
    try {
      if (!(await handle.stat()).isFile()) throw foreign;
      const bytes = new Uint8Array(length);
      let read = 0;
      while (read < length) {
        const { bytesRead } = await handle.read(bytes, read, length - read, offset + read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      return bytes.subarray(0, read);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toInputError(error, where);
  }
}
