import { randomUUID } from 'node:crypto';
import type { S3Client } from '../../s3/client.ts';
import {
  findManifest,
  inFolder,
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

/** Removes what uploads have left that became no folder. @param name of the folder to be; of all where left out */
export async function removeUploads(client: S3Client, parent: string, name?: string): Promise<void> {
  const beginning = uploadsBeginning(parent, name);
  await client
    .hurried()
    .abandonUploads(beginning)
    .catch(() => {}); // a rule of the bucket ends them too
  const { objects } = await client.list(beginning);
  if (objects.length === 0) return;
  const used = await uploadsInUse(client, parent); // asked after: what becomes a folder meanwhile is in use
  if (used === undefined) return;
  await client.remove(objects.map(({ key }) => key).filter((key) => !used.has(parentOf(key))));
}
