import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { readWholeFile } from '../formats/wholeFile.ts';

/** Largest input file that is read into memory. */
const maximumBytes = 2 ** 32;

const hasCode = (error: unknown, ...codes: string[]) =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));
const isMissing = (error: unknown) => hasCode(error, 'ENOENT', 'ENOTDIR');
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
  try {
    const base = await realpath(root);
    const target = await realpath(join(base, path));
    if (target === base || target.startsWith(base + sep)) return target;
  } catch (error) {
    if (hasCode(error, 'ELOOP')) throw new DdrError('InputForeign', `the ${what} is a circle of links`, { where });
    if (!isMissing(error)) throw toDdrError(error);
    throw new DdrError('InputMissing', `the ${what} is not there`, {
      where,
      hint: 'Check claimName and path, and what is on the volume.',
    });
  }
  throw new DdrError('InputUnsafe', `the ${what} lies outside its volume`, { where });
}

/**
 * Reads a whole file.
 * @throws DdrError InputMissing, InputForeign where it is no file, InputUnsafe where it is too large, FileAccess
 */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readWholeFile(path, { maximumBytes });
  } catch (error) {
    if (isMissing(error)) throw new DdrError('InputMissing', 'is not there', { where: path });
    if (isNoFile(error)) throw new DdrError('InputForeign', 'is not a regular file', { where: path });
    throw toDdrError(error);
  }
}
