import { DdrError } from '../../../api/errors.ts';
import type { S3Client } from '../../s3/client.ts';
import { type FileRecord, recordOf } from '../records.ts';
import { type FolderManifest, inFolder, lastOf, loadManifest, parentOf } from './folders.ts';

/** A committed file: its object, size and digest. */
export interface CommittedFile extends FileRecord {
  object: string;
}

/** Manifests that are kept: one reads the files of few folders, many times. */
const kept = 64;

/** Times that a file is read whose digest does not hold: once more, it may have been the way here. */
const readings = 3;

async function part(client: S3Client, key: string, { object, bytes }: CommittedFile, offset: number, length: number) {
  const found = await client.range(object, { offset, length });
  if (typeof found === 'string') return 'Missing';
  if (found.size === bytes) return found.bytes;
  throw new DdrError('DigestMismatch', `has ${found.size} bytes, recorded were ${bytes}`, {
    where: client.describe(key),
  });
}

async function whole(client: S3Client, key: string, file: CommittedFile) {
  for (let reading = 1; ; reading++) {
    const bytes = file.bytes === 0 ? new Uint8Array(0) : await part(client, key, file, 0, file.bytes);
    if (bytes === 'Missing') return bytes;
    const { sha256 } = recordOf(bytes);
    if (sha256 === file.sha256) return bytes;
    if (reading < readings) continue;
    throw new DdrError('DigestMismatch', `has sha256 ${sha256}, recorded was ${file.sha256}`, {
      where: client.describe(key),
    });
  }
}

/** Finds and reads files by way of their folders' manifests, which are kept: they never change while their folder is there. */
export function createReading(client: S3Client) {
  const manifests = new Map<string, FolderManifest>();

  async function manifestOf(folder: string): Promise<FolderManifest | undefined> {
    const known = manifests.get(folder);
    if (known !== undefined) return known;
    const manifest = await loadManifest(client, folder);
    if (manifest === undefined) return undefined;
    const [oldest] = manifests.keys();
    if (oldest !== undefined && manifests.size >= kept) manifests.delete(oldest);
    manifests.set(folder, manifest);
    return manifest;
  }

  async function find(key: string): Promise<CommittedFile | undefined> {
    const manifest = await manifestOf(parentOf(key));
    const name = lastOf(key);
    const record = manifest !== undefined && Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
    return manifest && record && { ...record, object: inFolder(manifest.upload, name) };
  }

  /**
   * Reads of a file's object. Where that is gone, the folder may have been made anew meanwhile; if not, it is damaged.
   * @returns undefined where there is no such file
   */
  async function readOf<T>(key: string, read: (file: CommittedFile) => Promise<T | 'Missing'>): Promise<T | undefined> {
    const file = await find(key);
    if (file === undefined) return undefined;
    const first = await read(file);
    if (first !== 'Missing') return first;
    manifests.delete(parentOf(key));
    const now = await find(key);
    if (now === undefined) return undefined;
    const second = now.object === file.object ? 'Missing' : await read(now);
    if (second !== 'Missing') return second;
    throw new DdrError('DigestMismatch', 'is missing, but has a record', { where: client.describe(key) });
  }

  return {
    find,
    /** Manifest of a folder as it is now. */
    folder(folder: string) {
      manifests.delete(folder);
      return manifestOf(folder);
    },
    /** What is known of folders at or below a key may no longer be so. */
    forget(key: string): void {
      for (const folder of manifests.keys()) if (`${folder}/`.startsWith(`${key}/`)) manifests.delete(folder);
    },
    /** A whole file, whose digest holds; undefined where it is not there. */
    read: (key: string) => readOf(key, (file) => whole(client, key, file)),
    /** @throws DdrError InputTruncated where the file ends before */
    range: (key: string, offset: number, length: number) =>
      readOf(key, async (file) => {
        if (offset + length > file.bytes && length > 0)
          throw new DdrError('InputTruncated', `ends before byte ${offset + length}`, { where: client.describe(key) });
        return length === 0 ? new Uint8Array(0) : part(client, key, file, offset, length);
      }),
  };
}
