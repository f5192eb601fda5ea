import { DdrError } from '../../api/errors.ts';
import { reportFiles } from '../../api/layout.ts';
import { sha256 } from '../formats/digest.ts';
import { filesOf, manifestFile, openAnyBundle } from './bundle.ts';
import type { ReadPlace } from './place.ts';
import { type FileRecord, parseJson } from './records.ts';
import { type Report, reportSchema } from './report.ts';
import { filesOfShard, shardFile, shardRecordSchema } from './samples.ts';

/** What a committed folder holds: files with their digests, and the record that tells of them. Where the record is, all are. */
export interface Contents {
  files: (FileRecord & { name: string })[];
  record: { name: string; bytes: Uint8Array };
}

/** A record's bytes. @throws DdrError InputMissing, DigestMismatch where it has not the digest that is asked for */
async function recordBytes({ store, key }: ReadPlace, name: string, digest?: string): Promise<Uint8Array> {
  const where = store.describe(`${key}/${name}`);
  const bytes = await store.read(`${key}/${name}`);
  if (bytes === undefined) throw new DdrError('InputMissing', 'is not there', { where });
  const found = sha256(bytes);
  if (digest === undefined || found === digest) return bytes;
  throw new DdrError('DigestMismatch', `has sha256 ${found}, not ${digest}`, {
    where,
    hint: 'The file was changed or damaged after it was written, or is of another run.',
  });
}

/**
 * A bundle: weights, moments, and the manifest.
 * @param digest of the manifest, where it is known
 * @throws DdrError InputMissing where there is none, DigestMismatch where it is another, or not whole
 */
export async function bundleContents(place: ReadPlace, digest?: string): Promise<Contents> {
  const bundle = await openAnyBundle(place.store, place.key);
  const bytes = await recordBytes(place, manifestFile, digest ?? bundle.digest);
  const files = filesOf(bundle.manifest).map(({ file, sha256: hash, bytes: size }) => ({
    name: file,
    sha256: hash,
    bytes: size,
  }));
  return { files, record: { name: manifestFile, bytes } };
}

/**
 * A report: its page and pictures, and report.json.
 * @param digest of report.json, where it is known
 * @throws DdrError InputMissing, DigestMismatch, InputForeign where it tells no digests
 */
export async function reportContents(place: ReadPlace, digest?: string): Promise<Contents & { report: Report }> {
  const bytes = await recordBytes(place, reportFiles.record, digest);
  const where = place.store.describe(`${place.key}/${reportFiles.record}`);
  const report = parseJson(bytes, reportSchema, where);
  if (report.files === undefined)
    throw new DdrError('InputForeign', 'tells no digests of its files: an older version has written it', { where });
  const files = Object.entries(report.files).map(([name, file]) => ({ name, ...file }));
  return { files, record: { name: reportFiles.record, bytes }, report };
}

/** A shard of samples. @throws DdrError InputMissing, DigestMismatch */
export async function shardContents(place: ReadPlace): Promise<Contents> {
  const bytes = await recordBytes(place, shardFile);
  const record = parseJson(bytes, shardRecordSchema, place.store.describe(`${place.key}/${shardFile}`));
  return { files: filesOfShard(record), record: { name: shardFile, bytes } };
}
