import { sha256 } from '../formats/digest.ts';
import { bundleContents } from './contents.ts';
import { type Place, type ReadPlace, refuseExisting } from './place.ts';
import { recordedPieces, verifyRecorded } from './records.ts';
import type { Content } from './store.ts';

/** What was copied or checked. */
export interface MovedBundle {
  /** sha256 of its manifest. */
  digest: string;
  files: number;
  bytes: number;
}

/**
 * Copies a bundle from one store to another as it is, so that it opens and samples the same. Every file is checked on its way;
 * where one is not what was recorded, nothing is committed.
 * @param onBytes told of each piece, and of how many bytes there are in all
 * @param digest of the manifest, where it is known
 * @throws DdrError InputMissing, DigestMismatch, FileAccess where something is there already
 */
export async function copyBundle(
  from: ReadPlace,
  to: Place,
  onBytes: (bytes: number, total: number) => void = () => {},
  digest?: string,
): Promise<MovedBundle> {
  const { files, record } = await bundleContents(from, digest);
  await refuseExisting(to);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  async function* counted(file: (typeof files)[number]): AsyncGenerator<Uint8Array> {
    for await (const piece of recordedPieces(from.store, `${from.key}/${file.name}`, file)) {
      onBytes(piece.length, bytes);
      yield piece;
    }
  }
  const contents = files.map((file): [string, Content] => [file.name, counted(file)]);
  await to.store.commit(to.key, { ...Object.fromEntries(contents), [record.name]: record.bytes });
  return { digest: sha256(record.bytes), files: files.length, bytes };
}

/** Reads every file of a bundle and checks it. @throws DdrError InputMissing, DigestMismatch */
export async function verifyBundle(place: ReadPlace, digest?: string): Promise<MovedBundle> {
  const { files, record } = await bundleContents(place, digest);
  for (const file of files) await verifyRecorded(place.store, `${place.key}/${file.name}`, file);
  return {
    digest: sha256(record.bytes),
    files: files.length,
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
  };
}
