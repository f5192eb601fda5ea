import { createHash } from 'node:crypto';
import { DdrError } from '../../../api/errors.ts';
import type { S3Client } from '../../s3/client.ts';
import type { AssertNewest } from '../attempt.ts';
import { checkedKey } from '../keys.ts';
import { type FileRecord, recordOf } from '../records.ts';
import type { Content } from '../store.ts';
import {
  type FolderManifest,
  findManifest,
  inFolder,
  isWhole,
  manifestBytes,
  manifestKey,
  newUpload,
  objectsOf,
} from './folders.ts';
import type { CommittedFile } from './reading.ts';

/** What a commit needs besides its files. */
export interface Committing {
  client: S3Client;
  find(key: string): Promise<CommittedFile | undefined>;
  /** Throws where a newer attempt has begun than the one that commits; undefined where none does. */
  assertNewest?: AssertNewest | undefined;
}

/** The pieces of a content, and what is recorded of it once all have come. */
function recorded(content: Exclude<Content, { copyOf: string }>) {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const given = typeof content === 'string' ? [Buffer.from(content)] : content;
    for await (const piece of given instanceof Uint8Array ? [given] : given) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  return { pieces: pieces(), record: (): FileRecord => ({ sha256: hash.digest('hex'), bytes }) };
}

async function copyFile({ client, find }: Committing, from: string, to: string): Promise<FileRecord> {
  const file = await find(checkedKey(from));
  if (file !== undefined && (await client.copy({ key: file.object, size: file.bytes }, to)))
    return { sha256: file.sha256, bytes: file.bytes };
  throw new DdrError('FileAccess', 'is not there to be copied', { where: client.describe(from) });
}

async function writeFile(committing: Committing, object: string, content: Content): Promise<FileRecord> {
  const { client } = committing;
  if (typeof content === 'object' && 'copyOf' in content) return copyFile(committing, content.copyOf, object);
  if (content instanceof Uint8Array) {
    await client.upload(object, recorded(content).pieces);
    return recordOf(content);
  }
  const { pieces, record } = recorded(content);
  await client.upload(object, pieces);
  return record();
}

/** Times that a folder is found in the way that is gone again, or is no longer in the way. */
const mostTries = 10;

/**
 * Makes a folder of an upload by writing its manifest. One that is there and whole stays; one that names what is gone is
 * replaced, which happens where an attempt was cleared away at the moment that it committed.
 * @returns whether the folder is this upload
 */
async function publish({ client, assertNewest }: Committing, folder: string, mine: FolderManifest): Promise<boolean> {
  const [key, bytes] = [manifestKey(folder), manifestBytes(mine)];
  for (let tries = 0; tries < mostTries; tries++) {
    if (!(await isWhole(client, mine)))
      throw new DdrError('FileAccess', 'what was uploaded is no longer there', { where: client.describe(mine.upload) });
    await assertNewest?.();
    if ((await client.put(key, bytes, { ifAbsent: true })) !== undefined) return true;
    const there = await findManifest(client, folder);
    if (there === undefined) continue;
    if (there.manifest?.upload === mine.upload) return true; // written by a try that was given up
    if (there.manifest !== undefined && (await isWhole(client, there.manifest))) return false;
    if ((await client.put(key, bytes, { ifMatch: there.etag })) !== undefined) return true;
  }
  throw new DdrError('FileAccess', 'is there, and is not, time and again', { where: client.describe(folder) });
}

/** What cannot be removed now goes with removePartial, and must not hide why nothing was committed. */
async function discard(client: S3Client, upload: string): Promise<void> {
  const hurried = client.hurried();
  const remove = async () => hurried.remove([...(await objectsOf(hurried, upload)).values()].map(({ key }) => key));
  await remove().catch(() => {});
}

/** Uploads the files of a folder one after the other, and then makes them the folder. @returns its key */
export async function commitFolder(
  committing: Committing,
  folder: string,
  files: Record<string, Content>,
  onFile: () => Promise<void>,
  settle: () => string,
): Promise<string> {
  const { client } = committing;
  const upload = newUpload(checkedKey(folder), committing.assertNewest !== undefined);
  const records: FolderManifest['files'] = {};
  let target: string;
  try {
    for (const [name, content] of Object.entries(files)) {
      records[name] = await writeFile(committing, inFolder(upload, checkedKey(name)), content);
      await onFile();
    }
    target = checkedKey(settle());
    await committing.assertNewest?.();
  } catch (error) {
    await discard(client, upload);
    throw error;
  }
  // From here on it may be the folder, whatever is heard of it: it is removed only where that is known not to be so.
  if (!(await publish(committing, target, { format: 1, upload, files: records }))) await discard(client, upload);
  return target;
}
