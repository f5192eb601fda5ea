import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { billionthsOf } from '../../api/quantity.ts';
import type { ContextFile } from '../../api/spec/conditions.ts';
import { type Dataset, fetchSize, isOfShards } from '../../api/spec/dataset.ts';
import type { PrepareTask } from '../../api/task.ts';
import type { TrainerContext } from '../context/context.ts';
import { fingerprintOfFiles } from '../data/fingerprint.ts';
import { spreadPath } from '../data/latentArrays.ts';
import { openRemote } from '../data/openSourceFiles.ts';
import { fetchFiles } from '../data/remote/fetch.ts';
import { filesAt, type Remote } from '../data/remote/remote.ts';
import type { Tick } from '../data/source.ts';
import { byName } from '../data/sourceFiles.ts';
import { sha256 } from '../formats/digest.ts';
import { conditionPaths } from './conditions.ts';
import { type NeededFiles, neededFiles } from './neededFiles.ts';
import { fingerprint, type Place, placeOf } from './source.ts';

/** Where the data of a run come from. */
export interface Origin {
  /** For people. */
  where: string;
  /** sha256 over names, sizes and versions of all that is read, without reading it: another one where any of it has changed. */
  fingerprint(): Promise<string>;
  /** Where they can be read: fetched first and once, where they are not on a volume. */
  place(): Promise<Place>;
  /** Removes what was fetched. */
  close(): Promise<void>;
}

async function onVolume(
  dataset: Dataset,
  prompts: ContextFile | undefined,
  root: string | undefined,
  others: string[],
  tick: Tick,
): Promise<Origin> {
  const spread = await spreadPath(dataset, root);
  const images = await placeOf(dataset, root, [...others, ...(spread === undefined ? [] : [spread])]);
  const place = { ...images, others: [...images.others, ...(await conditionPaths(dataset, images, prompts))] };
  return {
    where: place.where,
    fingerprint: () => fingerprint(dataset, place, tick),
    place: async () => place,
    close: async () => {},
  };
}

/** sha256 over names, sizes and versions. */
function fingerprintOfNeeded({ fetched, streamed }: NeededFiles): string {
  const hash = createHash('sha256');
  for (const { name, size, version } of [...fetched, ...streamed].sort(byName))
    hash.update(`${name}\0${size} ${version}\n`);
  return hash.digest('hex');
}

function overNetwork(
  dataset: Dataset,
  prompts: ContextFile | undefined,
  remote: Remote,
  others: string[],
  cache: string | undefined,
  tick: Tick,
): Origin {
  let folder: string | undefined;
  let known: NeededFiles | undefined;
  let fetched: Promise<Place> | undefined;
  const look = () => neededFiles(dataset, prompts, remote);
  const bytes = Number(billionthsOf(fetchSize(dataset) ?? '0')) / 1e9;

  async function fetch(): Promise<Place> {
    const needed = known ?? (await look());
    const { path } = needed;
    folder = await realpath(await mkdtemp(join(cache ?? tmpdir(), 'fetched-')));
    await fetchFiles(remote, needed.fetched, { folder, bytes }, tick);
    const files = isOfShards(dataset.format) ? filesAt(remote, path) : undefined;
    return { where: remote.describe(path), path: files ? folder : join(folder, path), root: folder, others, files };
  }
  return {
    where: remote.describe(''),
    async fingerprint() {
      const needed = await look();
      known ??= needed; // what is fetched is what was seen first: what changes after it is found out about
      return sha256(fingerprintOfNeeded(needed), await fingerprintOfFiles(others));
    },
    place() {
      fetched ??= fetch();
      return fetched;
    },
    async close() {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
    },
  };
}

/**
 * Opens where the data of a task come from.
 * @param others files on other volumes, which are as much the source of a run as its images
 * @throws DdrError InputMissing, InputUnsafe, InvalidTask; what looking over a network throws
 */
export async function openOrigin(
  { dataset, prompts }: Pick<PrepareTask, 'dataset' | 'prompts'>,
  { volumes, dataCredentials, cache }: TrainerContext,
  others: string[],
  tick: Tick,
): Promise<Origin> {
  const remote = await openRemote(dataset.source, { credentials: dataCredentials });
  return remote === undefined
    ? onVolume(dataset, prompts, volumes.data, others, tick)
    : overNetwork(dataset, prompts, remote, others, cache, tick);
}

/** @throws DdrError DataChanged where the source is no longer what it was when reading began */
export async function assertUnchanged(before: string, origin: Origin): Promise<void> {
  if ((await origin.fingerprint()) === before) return;
  throw new DdrError('DataChanged', 'files have changed while they were read', {
    where: origin.where,
    hint: 'Start the run again once the files are all there.',
  });
}
