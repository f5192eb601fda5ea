import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';

/** Largest input file that is read into memory. */
const maximumBytes = 2 ** 32;

const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

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
    if (!isMissing(error)) throw toDdrError(error);
    throw new DdrError('InputMissing', `the ${what} is not there`, {
      where,
      hint: 'Check claimName and path, and what is on the volume.',
    });
  }
  throw new DdrError('InputUnsafe', `the ${what} lies outside its volume`, { where });
}

/** Reads a whole file. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maximumBytes)
      throw new DdrError('InputUnsafe', `has ${size} bytes, more than ${maximumBytes}`, { where: path });
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) throw new DdrError('InputMissing', 'is not there', { where: path });
    throw toDdrError(error);
  }
}
