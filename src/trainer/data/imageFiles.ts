import { availableParallelism } from 'node:os';
import { DdrError } from '../../api/errors.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { datasetJson } from './datasetJson.ts';
import { type DecodedImage, decodeImage } from './decode.ts';
import type { FileName } from './fileName.ts';
import { type Findings, note, noteBroken, noteLeftOut, shortName, tooManyBroken } from './findings.ts';
import { formatOf } from './imageFormat.ts';
import { byName, isHidden, kindOfName, pathKey } from './imageNames.ts';
import { inOrder } from './inOrder.ts';
import type { NamedImages, OpenSource, SourceImage, Tick } from './source.ts';

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

/** Images that are read and decoded at once. */
const width = 2 * availableParallelism();

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

/** Errors of one image, which may be left out; any other ends the reading. */
const isBroken = (error: unknown): error is DdrError =>
  error instanceof DdrError && (error.code === 'InputTruncated' || error.code === 'InputForeign');

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
  const decode = async ([position, candidate]: [number, Candidate]) => {
    const result: DecodedImage | DdrError = await files
      .read(candidate.index)
      .then((bytes) => decodeImage(bytes, spec, files.where(candidate.index)))
      .catch((error: unknown) => {
        if (isBroken(error)) return error;
        throw error;
      });
    return { position, candidate, result };
  };

  async function* images(tick: Tick): AsyncGenerator<SourceImage> {
    let [checked, read] = [0, 0];
    for await (const { position, candidate, result } of inOrder(candidates.entries(), width, decode)) {
      await tick();
      checked++;
      if (result instanceof DdrError) {
        noteBroken(findings, candidate.name, result);
        continue;
      }
      const name = shortName(candidate.name);
      if (result.warning !== undefined) note(findings.warned, `${name}: ${result.warning}`);
      if (result.several) note(findings.several, name);
      if (!result.square) note(findings.notSquare, name);
      // With too many broken the rest is only looked at, to say how many there are.
      if (findings.broken.count <= maxBroken) yield { position, pixels: result.pixels };
      if (++read === limit) break;
    }
    if (findings.broken.count > maxBroken) throw tooManyBroken(findings, checked, maxBroken);
  }
  return { total: limit, entries: candidates.length, files: filesOf(files, candidates), images };
}
