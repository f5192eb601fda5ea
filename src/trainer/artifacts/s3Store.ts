import { AsyncLocalStorage } from 'node:async_hooks';
import { DdrError } from '../../api/errors.ts';
import type { S3Place } from '../../api/spec/s3.ts';
import { createS3Client, type S3Client } from '../s3/client.ts';
import type { S3Credentials, S3Options } from '../s3/connection.ts';
import { type AssertNewest, fenced } from './attempt.ts';
import { checkedKey } from './keys.ts';
import { takeNumber } from './s3/attempts.ts';
import { commitFolder } from './s3/commit.ts';
import { assertConditionalWrites } from './s3/conditionalWrites.ts';
import { lastOf, manifestName, parentOf, uploadsName } from './s3/folders.ts';
import { createReading } from './s3/reading.ts';
import { longestUpload, quarantineFolder, removeFolder, removeUploads } from './s3/removing.ts';
import type { ArtifactStore } from './store.ts';

/**
 * A place in S3 as a store. s3/folders.ts says what lies where.
 * @param rest milliseconds for which removePartial leaves alone what is not an older attempt's, because it may be under way
 */
export function createS3Store(client: S3Client, rest = longestUpload): ArtifactStore {
  const reading = createReading(client);
  /** Of the attempt whose commit is under way: it is asked again right before a manifest is written. */
  const committing = new AsyncLocalStorage<AssertNewest>();

  const isFolder = (key: string) => client.any(`${key}/`);

  async function assertNoFolder(key: string): Promise<void> {
    if (await isFolder(key))
      throw new DdrError('InputForeign', 'is a folder, not a file', { where: client.describe(key) });
  }

  return {
    describe: (key) => client.describe(checkedKey(key)),
    exists: async (key) => (await isFolder(checkedKey(key))) || (await reading.find(key)) !== undefined,
    async read(key) {
      const bytes = await reading.read(checkedKey(key));
      if (bytes === undefined) await assertNoFolder(key);
      return bytes;
    },
    async readRange(key, offset, length) {
      const bytes = await reading.range(checkedKey(key), offset, length);
      if (bytes !== undefined) return bytes;
      await assertNoFolder(key);
      throw new DdrError('InputMissing', 'is not there', { where: client.describe(key) });
    },
    async list(key) {
      const { folders, objects } = await client.list(`${checkedKey(key)}/`, '/');
      const names = objects.map((object) => lastOf(object.key));
      const files = names.includes(manifestName) ? Object.keys((await reading.folder(key))?.files ?? {}) : [];
      const below = [...folders.map((folder) => lastOf(folder.slice(0, -1))), ...names, ...files];
      return below.filter((name) => name !== uploadsName && name !== manifestName).sort();
    },
    async commit(folder, files, onFile = async () => {}, settle = () => folder) {
      const assertNewest = committing.getStore();
      const target = await commitFolder({ client, find: reading.find, assertNewest }, folder, files, onFile, settle);
      reading.forget(target);
    },
    free: async () => undefined,
    async remove(key) {
      reading.forget(checkedKey(key));
      await removeFolder(client, key);
    },
    async quarantine(folder) {
      reading.forget(checkedKey(folder));
      await quarantineFolder(client, folder);
    },
    async removePartial(where) {
      if ('below' in where) return removeUploads(client, checkedKey(where.below), '', rest);
      await removeUploads(client, parentOf(checkedKey(where.folder)), lastOf(where.folder), rest);
    },
    async takeAttempt(key) {
      const { number, assertNewest } = await takeNumber(client, checkedKey(key));
      return { number, commit: (write) => fenced(assertNewest, () => committing.run(assertNewest, write)) };
    },
  };
}

/**
 * Opens a place in S3 that is written to.
 * @param credentials those of the pod's identity where left out
 * @throws DdrError StoreUnsuitable where the store has no conditional writes, FileAccess where it refuses or does not answer
 */
export async function openS3Store(
  place: S3Place,
  credentials?: S3Credentials | undefined,
  options: S3Options = {},
): Promise<ArtifactStore> {
  const client = createS3Client(place, credentials, options);
  await assertConditionalWrites(client);
  return createS3Store(client);
}
