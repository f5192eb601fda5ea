import type { Dataset } from '../../api/spec/dataset.ts';
import { datasetJson } from './datasetJson.ts';
import { decodeImage } from './decode.ts';
import { decodedImages, type ImageToRead } from './decodedImages.ts';
import type { FileName } from './fileName.ts';
import { type Findings, noteLeftOut } from './findings.ts';
import { formatOf } from './imageFormat.ts';
import { byName, isHidden, kindOfName, pathKey } from './imageNames.ts';
import type { NamedImages, OpenSource, Tick } from './source.ts';

/** Files of a folder or of an archive, by index. */
export interface ImageFiles {
  /** Paths below the folder, or in the archive. */
  names: readonly FileName[];
  /** What messages call one. */
  where(index: number): string;
  read(index: number): Promise<Uint8Array>;
  /** First bytes, for a file whose name does not say what it is; none where it cannot be read. */
  head(index: number): Promise<Uint8Array>;
}

interface Candidate {
  index: number;
  name: FileName;
}

/** Files that are images, in the order in which they are read; what else is there and not `read` is noted. */
async function chooseImages(
  files: ImageFiles,
  read: string | undefined,
  findings: Findings,
  tick: Tick,
): Promise<Candidate[]> {
  const chosen: Candidate[] = [];
  for (const [index, name] of files.names.entries()) {
    if (isHidden(name)) continue;
    await tick();
    const kind = kindOfName(name);
    if (kind === 'image' || (kind === 'unknown' && formatOf(await files.head(index)) !== undefined))
      chosen.push({ index, name });
    else if (pathKey(name) !== read) noteLeftOut(findings, name);
  }
  return chosen.sort(byName);
}

/** What else than images is there. */
const filesOf = (files: ImageFiles, candidates: readonly Candidate[]): NamedImages => ({
  names: candidates.map(({ name }) => name),
  async beside(key) {
    const index = files.names.findIndex((name) => pathKey(name) === key);
    return index < 0 ? undefined : { bytes: await files.read(index), where: files.where(index) };
  },
});

/** Opens files as a source of images, decoded and conformed one by one. */
export async function openImageFiles(
  files: ImageFiles,
  dataset: Dataset,
  findings: Findings,
  tick: Tick,
): Promise<OpenSource> {
  const { image: spec, maxBroken } = dataset;
  const labelled = dataset.labels?.from === 'DatasetJson' ? datasetJson : undefined;
  const candidates = await chooseImages(files, labelled, findings, tick);
  const limit = Math.min(dataset.limit ?? candidates.length, candidates.length);
  const decode = async (index: number) => decodeImage(await files.read(index), spec, files.where(index));
  function* toRead(): Generator<ImageToRead> {
    for (const [position, { index, name }] of candidates.entries())
      yield { position, name, decode: () => decode(index) };
  }
  const images = (tick: Tick) => decodedImages(toRead(), { limit, maxBroken }, findings, tick);
  return { total: limit, entries: candidates.length, files: filesOf(files, candidates), images };
}
