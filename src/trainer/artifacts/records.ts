import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { sha256 } from '../formats/digest.ts';
import type { ArtifactStore } from './store.ts';

/** A file's digest and size, as every record of committed files has it. */
export const fileRecordSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) });
export type FileRecord = z.output<typeof fileRecordSchema>;

const changedHint = 'The file was changed or damaged after it was written.';

export const recordOf = (bytes: Uint8Array): FileRecord => ({ sha256: sha256(bytes), bytes: bytes.length });

export const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;

/** A file of a committed folder; undefined where it is not there. @throws DdrError DigestMismatch, FileAccess */
async function readCommitted(store: ArtifactStore, key: string): Promise<Uint8Array | undefined> {
  return store.read(key).catch((thrown: unknown) => {
    const error = toDdrError(thrown);
    // A folder in the file's place is damage, a store that does not answer is none.
    if (error.code !== 'InputForeign') throw error;
    throw new DdrError('DigestMismatch', error.message, { where: store.describe(key), cause: error });
  });
}

/**
 * Reads a file and checks it against its record.
 * @throws DdrError DigestMismatch, FileAccess
 */
export async function readRecorded(store: ArtifactStore, key: string, record: FileRecord): Promise<Uint8Array> {
  const where = store.describe(key);
  const bytes = await readCommitted(store, key);
  if (bytes === undefined) throw new DdrError('DigestMismatch', 'is missing, but has a record', { where });
  const found = recordOf(bytes);
  if (found.bytes === record.bytes && found.sha256 === record.sha256) return bytes;
  throw new DdrError(
    'DigestMismatch',
    `has ${found.bytes} bytes with sha256 ${found.sha256}, recorded were ${record.bytes} with ${record.sha256}`,
    { where, hint: changedHint },
  );
}

/** Bytes that are read and hashed at once. */
const pieceBytes = 2 ** 24;

/** sha256 of the first bytes of a file, and whether it ends there. */
async function digestOf(store: ArtifactStore, key: string, bytes: number): Promise<{ sha256: string; ends: boolean }> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += pieceBytes)
    hash.update(await store.readRange(key, at, Math.min(pieceBytes, bytes - at)));
  const ends = await store.readRange(key, bytes, 1).then(
    () => false,
    (error: unknown) => toDdrError(error).code === 'InputTruncated',
  );
  return { sha256: hash.digest('hex'), ends };
}

/**
 * Checks a file of any size against its record, holding little of it at once.
 * @throws DdrError DigestMismatch, FileAccess
 */
export async function verifyRecorded(store: ArtifactStore, key: string, record: FileRecord): Promise<void> {
  const where = store.describe(key);
  const found = await digestOf(store, key, record.bytes).catch((thrown: unknown) => {
    const error = toDdrError(thrown);
    if (error.code === 'FileAccess') throw error;
    const what = error.code === 'InputMissing' ? 'is missing, but has a record' : error.message;
    throw new DdrError('DigestMismatch', what, { where, cause: error });
  });
  if (found.ends && found.sha256 === record.sha256) return;
  throw new DdrError(
    'DigestMismatch',
    found.ends
      ? `has sha256 ${found.sha256}, recorded was ${record.sha256}`
      : `has more than the ${record.bytes} bytes that were recorded`,
    { where, hint: changedHint },
  );
}

/**
 * Reads a JSON file of a committed folder.
 * @returns undefined where the file is not there
 * @throws DdrError DigestMismatch where it is not what was written, FileAccess
 */
export async function readJson<S extends z.ZodType>(
  store: ArtifactStore,
  key: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const bytes = await readCommitted(store, key);
  return bytes && parseJson(bytes, schema, store.describe(key));
}

/** Parses a JSON file of a committed folder. @throws DdrError DigestMismatch where it is not what was written */
export function parseJson<S extends z.ZodType>(bytes: Uint8Array, schema: S, where: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new DdrError('DigestMismatch', 'is not what this version of the trainer writes', { where, cause });
  }
}

/**
 * Loads what an earlier attempt committed. What is damaged is quarantined, to be made anew; so is a folder without its
 * record, in whose place nothing could be committed.
 * @returns undefined where it has to be made
 */
export async function loadOrQuarantine<T>(
  store: ArtifactStore,
  folder: string,
  load: () => Promise<T | undefined>,
  logger: Pick<Logger, 'warn'>,
): Promise<T | undefined> {
  const path = store.describe(folder);
  try {
    const loaded = await load();
    if (loaded !== undefined || !(await store.exists(folder))) return loaded;
    throw new DdrError('DigestMismatch', 'the folder is there, but not its record', { where: path });
  } catch (thrown) {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    logger.warn({ path, error: error.describe() }, 'damaged; quarantined and made anew');
    await store.quarantine(folder);
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
      where: error.where,
      hint: makeAnew(maker),
      cause: error,
    });
  }
}
