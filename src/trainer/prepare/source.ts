import { join } from 'node:path/posix';
import { DdrError } from '../../api/errors.ts';
import { contentHash } from '../../api/hash.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { fingerprintOf, fingerprintOfFiles } from '../data/fingerprint.ts';
import type { Tick } from '../data/source.ts';
import { resolveInVolume } from '../data/volume.ts';
import { sha256 } from '../formats/digest.ts';

/** Where the data are read from. */
export interface Place {
  /** For people: claim and path. */
  where: string;
  /** Resolved, on the volume `root`. */
  path: string;
  root: string;
  /** Files of the evaluation, which are as much the source of a run as its images. */
  others: string[];
}

/** @throws DdrError InputMissing, InputUnsafe, InvalidTask where there is no volume */
export async function placeOf({ source }: Dataset, root: string | undefined, others: string[]): Promise<Place> {
  const { claimName, path } = source.volume ?? { claimName: '', path: '' };
  const resolved = await resolveInVolume(root, path, 'dataset');
  return { where: join(claimName, path), path: resolved, root: root as string, others };
}

/** sha256 over paths, sizes and times of all that is read. */
export async function fingerprint(dataset: Dataset, { path, root, others }: Place, tick: Tick): Promise<string> {
  return sha256(await fingerprintOf(dataset, path, root, tick), await fingerprintOfFiles(others));
}

/** What a source is read as: equal for specs that differ only in when it is read anew. */
export const readingOf = ({ revision: _, cache: _cache, prepare: _prepare, ...dataset }: Dataset): string =>
  contentHash(dataset);

/** @throws DdrError DataChanged where the source is no longer what it was when reading began */
export async function assertUnchanged(before: string, dataset: Dataset, place: Place, tick: Tick): Promise<void> {
  if ((await fingerprint(dataset, place, tick)) === before) return;
  throw new DdrError('DataChanged', 'files have changed while they were read', {
    where: place.where,
    hint: 'Start the run again once the files are all there.',
  });
}
