import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { DdrError } from '../../../api/errors.ts';
import type { S3Client } from '../../s3/client.ts';
import type { S3Object } from '../../s3/read.ts';
import { fileRecordSchema, toJson } from '../records.ts';

/**
 * Where a folder of the store is in S3. A folder is there if this object is: it is written last, and names everything else.
 *
 *     <folder>/.committed.json                         which upload the folder is, and its files with size and digest
 *     <folder's parent>/.uploads/<name>/<uuid>/<file>  the files; never written again, and read only by way of a manifest.
 *                                                      fenced-<uuid> where an attempt commits
 *
 * A key is never the folder of another: some servers keep both as files.
 */
export const manifestName = '.committed.json';
export const uploadsName = '.uploads';

const fencedMark = 'fenced-';

const manifestSchema = z.object({
  format: z.literal(1),
  /** What the keys of the files begin with. */
  upload: z.string().min(1),
  /** By name, in the order in which they were written. */
  files: z.record(z.string(), fileRecordSchema),
});
export type FolderManifest = z.output<typeof manifestSchema>;

/** A manifest as it lies there; undefined in its place where it is none. */
export interface FoundManifest {
  manifest: FolderManifest | undefined;
  bytes: Uint8Array;
  etag: string;
}

export const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

export const lastOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** Folder of a key; empty for the store's root. */
export const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf('/')));

export const manifestKey = (folder: string): string => inFolder(folder, manifestName);

/** What the keys of all uploads of a folder begin with, or of all folders beside it where it is not named. */
export const uploadsBeginning = (parent: string, name = ''): string =>
  `${inFolder(parent, uploadsName)}/${name === '' ? '' : `${name}/`}`;

/** What the keys of a new upload begin with. @param isFenced whether an attempt commits it, and a newer one would be its end */
export const newUpload = (folder: string, isFenced: boolean): string =>
  `${uploadsBeginning(parentOf(folder), lastOf(folder))}${isFenced ? fencedMark : ''}${randomUUID()}`;

/** Whether an upload is one of an attempt. */
export const isFencedUpload = (upload: string): boolean => lastOf(upload).startsWith(fencedMark);

export const manifestBytes = (manifest: FolderManifest): Uint8Array => Buffer.from(toJson(manifest));

function parse(bytes: Uint8Array): FolderManifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** What a folder's manifest says now. @returns undefined where there is none, and thus no such folder */
export async function findManifest(client: S3Client, folder: string): Promise<FoundManifest | undefined> {
  const found = await client.get(manifestKey(folder));
  return found && { manifest: parse(found.bytes), bytes: found.bytes, etag: found.etag };
}

/** @throws DdrError DigestMismatch where the manifest is not what was written */
export async function loadManifest(client: S3Client, folder: string): Promise<FolderManifest | undefined> {
  const found = await findManifest(client, folder);
  if (found === undefined || found.manifest !== undefined) return found?.manifest;
  throw new DdrError('DigestMismatch', 'is not what this version of the trainer writes', {
    where: client.describe(manifestKey(folder)),
  });
}

/** Objects of an upload, by name. */
export async function objectsOf(client: S3Client, upload: string): Promise<Map<string, S3Object>> {
  const { objects } = await client.list(`${upload}/`);
  return new Map(objects.map((object) => [object.key.slice(upload.length + 1), object]));
}

/** Whether all files of a folder are there, with their sizes. */
export async function isWhole(client: S3Client, { upload, files }: FolderManifest): Promise<boolean> {
  const there = await objectsOf(client, upload);
  return Object.entries(files).every(([name, { bytes }]) => there.get(name)?.size === bytes);
}
