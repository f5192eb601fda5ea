import { createHash, type Hash } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { sha256 } from '../formats/digest.ts';
import type { ArtifactStore, StoreReader } from './store.ts';

/** A file's digest and size, as every record of committed files has it. */
export const fileRecordSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) });
export type FileRecord = z.output<typeof fileRecordSchema>;

const changedHint = 'The file was changed or damaged after it was written.';

export const recordOf = (bytes: Uint8Array): FileRecord => ({ sha256: sha256(bytes), bytes: bytes.length });

export const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;

/** A file of a committed folder; undefined where it is not there. @throws DdrError DigestMismatch, FileAccess */
async function readCommitted(store: StoreReader, key: string): Promise<Uint8Array | undefined> {
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
export async function readRecorded(store: StoreReader, key: string, record: FileRecord): Promise<Uint8Array> {
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

/** What another than the recorded file is, as damage. Whatever else keeps from reading it is none. */
function damageOf(thrown: unknown, where: string): DdrError {
  const error = toDdrError(thrown);
  if (!['InputMissing', 'InputTruncated', 'InputForeign'].includes(error.code)) return error;
  const what = error.code === 'InputMissing' ? 'is missing, but has a record' : error.message;
  return new DdrError('DigestMismatch', what, { where, cause: error });
}

/** The beginning of a file that is there already: its hash so far, and its bytes. */
export interface Begun {
  hash: Hash;
  bytes: number;
}

/**
 * A file of any size in pieces, which is checked against its record once the last has been taken.
 * @param begun what is not read again; its hash goes on
 * @throws DdrError DigestMismatch, and what the store throws
 */
export async function* recordedPieces(
  store: StoreReader,
  key: string,
  record: FileRecord,
  { hash, bytes }: Begun = { hash: createHash('sha256'), bytes: 0 },
): AsyncGenerator<Uint8Array> {
  const where = store.describe(key);
  for (let at = bytes; at < record.bytes; at += pieceBytes) {
    const piece = await store
      .readRange(key, at, Math.min(pieceBytes, record.bytes - at))
      .catch((error: unknown) => Promise.reject(damageOf(error, where)));
    hash.update(piece);
    yield piece;
  }
  const found = hash.digest('hex');
  if (found === record.sha256) return;
  throw new DdrError('DigestMismatch', `has sha256 ${found}, recorded was ${record.sha256}`, {
    where,
    hint: changedHint,
  });
}

/**
 * Checks a file of any size against its record, holding little of it at once.
 * @throws DdrError DigestMismatch, FileAccess
 */
export async function verifyRecorded(store: StoreReader, key: string, record: FileRecord): Promise<void> {
  const where = store.describe(key);
  for await (const _ of recordedPieces(store, key, record));
  const ends = await store.readRange(key, record.bytes, 1).then(
    () => false,
    (error: unknown) => {
      const { code } = toDdrError(error);
      if (code === 'InputTruncated') return true;
      throw damageOf(error, where);
    },
  );
  if (ends) return;
  throw new DdrError('DigestMismatch', `has more than the ${record.bytes} bytes that were recorded`, {
    where,
    hint: changedHint,
  });
}

/**
 * Reads a JSON file of a committed folder.
 * @returns undefined where the file is not there
 * @throws DdrError DigestMismatch where it is not what was written, FileAccess
 */
export async function readJson<S extends z.ZodType>(
  store: StoreReader,
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
