import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { sha256 } from '../formats/digest.ts';
import { readWholeFile } from '../formats/wholeFile.ts';

/** A file's digest and size, as every record of committed files has it. */
export const fileRecordSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) });
export type FileRecord = z.output<typeof fileRecordSchema>;

export const recordOf = (bytes: Uint8Array): FileRecord => ({ sha256: sha256(bytes), bytes: bytes.length });

const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Prefix of folders that are being written. Readers never look into them. */
const partial = '.partial-';

/** What a file of a folder is made of: its content, or a file to copy, which need not fit into memory. */
export type Content = Uint8Array | string | { copyOf: string };

async function writeContent(path: string, content: Content): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) return writeSynced(path, content);
  await copyFile(content.copyOf, path, constants.COPYFILE_FICLONE);
  await sync(path);
}

/**
 * Commits a folder: its files are written beside it, synced, and renamed into place, so that it is there as a whole or not
 * at all. A folder that is already there stays: equal addresses have equal content.
 * @param onFile told after every file; may throw to stop, and then nothing is left
 * @throws DdrError DiskFull, FileAccess
 */
export async function commitFolder(
  target: string,
  files: Record<string, Content>,
  onFile: () => Promise<void> = async () => {},
): Promise<void> {
  const parent = dirname(target);
  const temporary = join(parent, `${partial}${basename(target)}-${randomUUID()}`);
  try {
    await mkdir(temporary, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeContent(join(temporary, name), content);
      await onFile();
    }
    await sync(temporary);
    await rename(temporary, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
    await sync(parent);
  } catch (error) {
    throw toDdrError(error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what attempts that were killed while writing left in a folder that only one process at a time writes to. */
export async function removePartial(folder: string, beginning = partial): Promise<void> {
  for (const name of await namesIn(folder, true)) {
    if (name.startsWith(beginning)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The same for one folder to be: beside it other processes may be writing theirs at this moment. */
export const removePartialOf = (target: string): Promise<void> =>
  removePartial(dirname(target), `${partial}${basename(target)}-`);

/** Renames a damaged folder, so that what it holds can be made anew and still be looked at. */
export const setAside = (path: string): Promise<void> =>
  rename(path, join(dirname(path), `damaged-${basename(path)}-${randomUUID().slice(0, 8)}`));

/**
 * Loads what an earlier attempt committed. What is damaged is set aside, to be made anew; so is a folder without its
 * record, in whose place nothing could be committed.
 * @returns undefined where it has to be made
 */
export async function loadOrSetAside<T>(
  path: string,
  load: () => Promise<T | undefined>,
  logger: Pick<Logger, 'warn'>,
): Promise<T | undefined> {
  try {
    const loaded = await load();
    if (loaded !== undefined || !existsSync(path)) return loaded;
    throw new DdrError('DigestMismatch', 'the folder is there, but not its record', { where: path });
  } catch (thrown) {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    logger.warn({ path, error: error.describe() }, 'damaged; set aside and made anew');
    await setAside(path);
    return undefined;
  }
}

/** The user's way out where another Job's work is missing or damaged: the operator makes whatever it finds no Job of. */
export const makeAnew = (maker: string): string =>
  `Delete the Job of ${maker}, and this one once it has failed: the operator makes both anew.`;

/**
 * Loads what another Job has made, which this one cannot repair.
 * @param what it is, and `maker` the Job that makes it, for the message
 * @throws DdrError DigestMismatch that names it and says what to do
 */
export async function loadOrName<T>(what: string, maker: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    throw new DdrError('DigestMismatch', `${what} is damaged: a file of it ${error.message}`, {
      ...(error.where === undefined ? {} : { where: error.where }),
      hint: makeAnew(maker),
      cause: error,
    });
  }
}

/**
 * Names in a folder, sorted; none where it is not there. Half-written folders only on request.
 * @throws DdrError FileAccess: a volume that does not answer is not an empty one
 */
export async function namesIn(folder: string, withPartial = false): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw toDdrError(error);
  });
  return names.filter((name) => withPartial || !name.startsWith(partial)).sort();
}

/** A file of a committed folder; undefined where it is not there. @throws DdrError DigestMismatch, FileAccess */
async function readCommitted(path: string): Promise<Uint8Array | undefined> {
  return readWholeFile(path).catch((cause: unknown) => {
    if (cause instanceof DdrError) throw new DdrError('DigestMismatch', cause.message, { where: path, cause });
    if (isMissing(cause)) return undefined;
    throw toDdrError(cause);
  });
}

/**
 * Reads a file and checks it against its record.
 * @throws DdrError DigestMismatch, FileAccess
 */
export async function readRecorded(path: string, record: FileRecord): Promise<Uint8Array> {
  const bytes = await readCommitted(path);
  if (bytes === undefined) throw new DdrError('DigestMismatch', 'is missing, but has a record', { where: path });
  const found = recordOf(bytes);
  if (found.bytes === record.bytes && found.sha256 === record.sha256) return bytes;
  throw new DdrError(
    'DigestMismatch',
    `has ${found.bytes} bytes with sha256 ${found.sha256}, recorded were ${record.bytes} with ${record.sha256}`,
    {
      where: path,
      hint: 'The file was changed or damaged after it was written.',
    },
  );
}

/**
 * Reads a JSON file of a committed folder.
 * @returns undefined where the file is not there
 * @throws DdrError DigestMismatch where it is not what was written
 */
export async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  const bytes = await readCommitted(path);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new DdrError('DigestMismatch', 'is not what this version of the trainer writes', { where: path, cause });
  }
}

export const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;
