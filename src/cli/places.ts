import { basename, dirname, resolve } from 'node:path';
import { DdrError } from '../api/errors.ts';
import type { S3Place } from '../api/spec/s3.ts';
import type { Place, ReadPlace } from '../trainer/artifacts/place.ts';
import { createPosixStore } from '../trainer/artifacts/posixStore.ts';
import { bucketAt, isBucketUrl, readBucket, writeBucket } from './fetch/bucket.ts';
import { type WhereOptions, withClusterResults } from './fetch/command.ts';
import { bundleOf } from './fetch/fetch.ts';

/** Where a bundle is, or is to be, as a person writes it. */
export const placesHelp =
  'a folder, s3://bucket/prefix/folder, or run://NAME for the bundle of a run on the cluster that KUBECONFIG names';

const scheme = 'run://';

/** A folder of this machine. */
function folderPlace(folder: string): Place {
  const path = resolve(folder);
  return { store: createPosixStore(dirname(path)), key: basename(path) };
}

/**
 * Where a folder of a bucket is in its store: below the prefix of a run's, where its name is one of a run's, and else directly
 * below the folder that it is in. A folder of a store is read through that store only.
 */
export function splitPrefix({ prefix }: Pick<S3Place, 'prefix'>, url: string): { prefix: string; key: string } {
  const [, before = '', key] =
    /^(?:(.*)\/)?(runs\/[^/]+\/bundles\/[^/]+)$/.exec(prefix) ?? /^(?:(.*)\/)?([^/]+)$/.exec(prefix) ?? [];
  if (key !== undefined) return { prefix: before, key };
  throw new DdrError('InvalidSpec', 'names a bucket, but no folder in it', { where: url });
}

async function bucketPlace<Store>(url: string, open: (place: S3Place) => Promise<Store>) {
  const place = bucketAt(url, process.env);
  const { prefix, key } = splitPrefix(place, url);
  return { store: await open({ ...place, prefix }), key };
}

/**
 * Uses a bundle where it is, and takes away what reading it needed.
 * @param use is told the digest of the manifest too, where it is known
 * @throws DdrError as `ddr fetch` does for a run's
 */
export async function withBundle<T>(
  text: string,
  options: Omit<WhereOptions, 'image'>,
  use: (place: ReadPlace, digest: string | undefined) => Promise<T>,
): Promise<T> {
  if (isBucketUrl(text)) return use(await bucketPlace(text, readBucket), undefined);
  if (!text.startsWith(scheme)) return use(folderPlace(text), undefined);
  const name = text.slice(scheme.length);
  return withClusterResults(name, { ...options, image: undefined }, async (results) => {
    const { path, digest } = await bundleOf(results);
    return use({ store: results.store, key: path }, digest);
  });
}

/** A place to write to. @throws DdrError InvalidSpec for a run's: only its own pods write there */
export async function placeToWrite(text: string): Promise<Place> {
  if (isBucketUrl(text)) return bucketPlace(text, writeBucket);
  if (!text.startsWith(scheme)) return folderPlace(text);
  throw new DdrError('InvalidSpec', 'only the pods of a run write to its claim', {
    where: text,
    hint: 'Name a folder, or s3://bucket/prefix/folder.',
  });
}
