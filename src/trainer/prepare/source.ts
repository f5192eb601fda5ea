import { join } from 'node:path/posix';
import { DdrError } from '../../api/errors.ts';
import { contentHash } from '../../api/hash.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { fingerprintOf, fingerprintOfFiles } from '../data/fingerprint.ts';
import type { Tick } from '../data/source.ts';
import type { SourceFiles } from '../data/sourceFiles.ts';
import { resolveInVolume } from '../data/volume.ts';
import { sha256 } from '../formats/digest.ts';

/** Where the data are read from: a volume, or a folder that they were fetched to. */
export interface Place {
  /** For people: claim and path, or URL. */
  where: string;
  /** Resolved, on the volume `root`. */
  path: string;
  root: string;
  /** Files of the evaluation, which are as much the source of a run as its images. */
  others: string[];
  /** The shards, where they are read over a network. */
  files?: SourceFiles | undefined;
}

/** @throws DdrError InputMissing, InputUnsafe, InvalidTask where there is no volume */
export async function placeOf({ source }: Dataset, root: string | undefined, others: string[]): Promise<Place> {
  if (source.volume === undefined) throw new DdrError('InvalidTask', 'the dataset is not on a volume');
  const { claimName, path } = source.volume;
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
