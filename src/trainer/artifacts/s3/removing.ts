import { randomUUID } from 'node:crypto';
import type { S3Client } from '../../s3/client.ts';
import {
  findManifest,
  inFolder,
  isFencedUpload,
  lastOf,
  manifestKey,
  manifestName,
  objectsOf,
  parentOf,
  uploadsBeginning,
  uploadsName,
} from './folders.ts';

/** What quarantined folders are called. */
const damaged = 'damaged-';

/** Removes a folder, or all folders below a key: first the manifests, so that none is there by half. */
export async function removeFolder(client: S3Client, key: string): Promise<void> {
  const manifest = (await findManifest(client, key))?.manifest;
  const below = (await client.list(`${key}/`)).objects.map((object) => object.key);
  const isManifest = (object: string) => lastOf(object) === manifestName;
  await client.remove(below.filter(isManifest));
  const files = manifest === undefined ? [] : [...(await objectsOf(client, manifest.upload)).values()];
  await client.remove([...below.filter((object) => !isManifest(object)), ...files.map((object) => object.key)]);
}

/** Gives a folder another name beside its own. Its files stay where they are. What is not committed is in nobody's way. */
export async function quarantineFolder(client: S3Client, folder: string): Promise<void> {
  const found = await findManifest(client, folder);
  if (found === undefined) return;
  const name = `${damaged}${lastOf(folder)}-${randomUUID().slice(0, 8)}`;
  await client.put(manifestKey(inFolder(parentOf(folder), name)), found.bytes);
  await client.remove([manifestKey(folder)]);
}

/**
 * Uploads that folders directly below a key are made of.
 * @returns undefined where that cannot be known: a manifest is damaged, and not in quarantine yet
 */
async function uploadsInUse(client: S3Client, parent: string): Promise<Set<string> | undefined> {
  const used = new Set<string>();
  const { folders } = await client.list(parent === '' ? '' : `${parent}/`, '/');
  for (const folder of folders.map((name) => name.slice(0, -1)).filter((name) => lastOf(name) !== uploadsName)) {
    const found = await findManifest(client, folder);
    if (found?.manifest !== undefined) used.add(found.manifest.upload);
    else if (found !== undefined && !lastOf(folder).startsWith(damaged)) return undefined;
  }
  return used;
}

const isLost = (key: string, isOld: boolean): boolean => isOld || isFencedUpload(parentOf(key));

/** Milliseconds after which an upload is not one that is under way: of a store that several clusters write to, nobody knows. */
export const longestUpload = 24 * 60 * 60 * 1000;

/**
 * Removes what uploads have left that became no folder: of attempts, of which the caller has begun a newer one, at once; of others,
 * which another cluster may be about to commit, once they are older than any that is under way.
 * @param name of the folder to be; empty for all
 * @param rest milliseconds for which others are left alone
 */
export async function removeUploads(client: S3Client, parent: string, name: string, rest: number): Promise<void> {
  const beginning = uploadsBeginning(parent, name);
  const isOld = (written: number) => written <= Date.now() - rest;
  const ended = client.hurried().abandonUploads(beginning, ({ key, begun }) => isLost(key, isOld(begun)));
  await ended.catch(() => {}); // a rule of the bucket ends them too
  const objects = (await client.list(beginning)).objects.filter(({ key, modified }) => isLost(key, isOld(modified)));
  if (objects.length === 0) return;
  const used = await uploadsInUse(client, parent); // asked after: what becomes a folder meanwhile is in use
  if (used === undefined) return;
  await client.remove(objects.map(({ key }) => key).filter((key) => !used.has(parentOf(key))));
}
