import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { type Begun, type FileRecord, recordedPieces } from '../../trainer/artifacts/records.ts';
import type { StoreReader } from '../../trainer/artifacts/store.ts';

/** A file of a store, and where it is to be. */
export interface Wanted {
  key: string;
  /** On this machine. */
  path: string;
  record: FileRecord;
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
};

async function hashFile(path: string): Promise<Begun> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer);
    bytes += (part as Buffer).length;
  }
  return { hash, bytes };
}

/** Where a file grows until it is whole. What grew of another version has another name, and is never continued. */
const partOf = ({ path, record }: Wanted): string =>
  join(dirname(path), `.${basename(path)}-${record.sha256.slice(0, 16)}.part`);

/** Whether the file is there already, as its record has it. */
export async function isWhole({ path, record }: Wanted): Promise<boolean> {
  if ((await sizeOf(path)) !== record.bytes) return false;
  return (await hashFile(path)).hash.digest('hex') === record.sha256;
}

async function append(
  store: StoreReader,
  { key, record }: Wanted,
  part: string,
  begun: Begun | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(part, 'a');
  try {
    for await (const piece of recordedPieces(store, key, record, begun)) {
      await file.writeFile(piece);
      onBytes(piece.length);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Lets a part grow until it is whole. One whose beginning turns out to be damaged is fetched anew. */
async function complete(
  store: StoreReader,
  wanted: Wanted,
  part: string,
  begun: Begun | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let came = begun?.bytes ?? 0;
  onBytes(came);
  const count = (bytes: number) => {
    came += bytes;
    onBytes(bytes);
  };
  try {
    await append(store, wanted, part, begun, count);
  } catch (error) {
    if (!(error instanceof DdrError && error.code === 'DigestMismatch')) throw error;
    await rm(part, { force: true });
    onBytes(-came);
    if (begun === undefined) throw error;
    await complete(store, wanted, part, undefined, onBytes);
  }
}

/**
 * Fetches a file piece by piece, going on where an earlier try stopped, and puts it into its place once it is what its record
 * says.
 * @param onBytes told of what has come, and of what was there already; less than nothing where that was of no use
 * @throws DdrError DigestMismatch where the store holds something else, DiskFull, FileAccess, and what the store throws
 */
export async function download(store: StoreReader, wanted: Wanted, onBytes: (bytes: number) => void): Promise<void> {
  const { path, record } = wanted;
  const part = partOf(wanted);
  try {
    if (await isWhole(wanted)) return onBytes(record.bytes);
    await mkdir(dirname(path), { recursive: true });
    if (((await sizeOf(part)) ?? 0) > record.bytes) await rm(part);
    const begun = (await sizeOf(part)) === undefined ? undefined : await hashFile(part);
    await complete(store, wanted, part, begun, onBytes);
    await rename(part, path);
  } catch (error) {
    throw toDdrError(error);
  }
}
