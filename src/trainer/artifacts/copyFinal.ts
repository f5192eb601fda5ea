import { createHash } from 'node:crypto';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { finalFiles, loadFinalRecord, recordFile } from './finalModel.ts';
import type { FileRecord } from './records.ts';
import type { ArtifactStore, Content } from './store.ts';

/** Bytes that are copied at once. */
const pieceBytes = 2 ** 24;

/** A file of another store, in pieces. @throws DdrError DigestMismatch where it is not what was recorded, FileAccess */
async function* piecesOf(from: ArtifactStore, key: string, { bytes, sha256 }: FileRecord): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += pieceBytes) {
    const piece = await from.readRange(key, at, Math.min(pieceBytes, bytes - at)).catch((thrown: unknown) => {
      const error = toDdrError(thrown);
      if (error.code === 'FileAccess') throw error;
      throw new DdrError('DigestMismatch', error.message, { where: from.describe(key), cause: error });
    });
    hash.update(piece);
    yield piece;
  }
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new DdrError('DigestMismatch', `has sha256 ${found}, recorded was ${sha256}`, { where: from.describe(key) });
}

/**
 * Copies a trained model from one store to another, whole or not at all; its files are read once, and checked on the way.
 * @param folder `final` of the model's keys, in both
 * @param onFile told after every file; may throw to stop
 * @returns false where there is none
 * @throws DdrError DigestMismatch where it is damaged or another model's, FileAccess, DiskFull
 */
export async function copyFinal(
  from: ArtifactStore,
  to: ArtifactStore,
  folder: string,
  hash: string,
  onFile: () => Promise<void>,
): Promise<boolean> {
  const key = `${folder}/${recordFile}`;
  const record = await loadFinalRecord(from, folder);
  const json = await from.read(key);
  if (record === undefined || json === undefined) return false;
  if (record.hash !== hash) {
    throw new DdrError('DigestMismatch', `belongs to model ${record.hash}, not ${hash}`, {
      where: from.describe(folder),
    });
  }
  const files = finalFiles(record).map(({ name, file }): [string, Content] => [
    name,
    piecesOf(from, `${folder}/${name}`, file),
  ]);
  await to.commit(folder, { ...Object.fromEntries(files), [recordFile]: json }, onFile);
  return true;
}
