import { DdrError } from '../../api/errors.ts';
import { finalFiles, loadFinalRecord, recordFile } from './finalModel.ts';
import { recordedPieces } from './records.ts';
import type { ArtifactStore, Content } from './store.ts';

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
    recordedPieces(from, `${folder}/${name}`, file),
  ]);
  await to.commit(folder, { ...Object.fromEntries(files), [recordFile]: json }, onFile);
  return true;
}
