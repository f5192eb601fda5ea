import { DdrError } from '../../api/errors.ts';
import type { ContextFile } from '../../api/spec/conditions.ts';
import { type Dataset, isOfShards } from '../../api/spec/dataset.ts';
import { pathOfSource } from '../../api/spec/source.ts';
import { idxLabelNames } from '../data/labels.ts';
import { plainPath, type Remote, requireSome } from '../data/remote/remote.ts';
import type { SourceFile } from '../data/sourceFiles.ts';

/** Files of a source that is reached over a network. Their names are from its prefix, or among its URLs. */
export interface NeededFiles {
  /** Those that are read by path, and so have to lie on a disk. */
  fetched: SourceFile[];
  /** Those that are read where they are. */
  streamed: SourceFile[];
  /** Where the images are: a file, or a folder. */
  path: string;
}

/** A folder of arrays is read as one. */
const isArray = (name: string) => /\.(npy|npz|safetensors)$/.test(name);

const isIdx = (name: string) => /idx[13]-ubyte(\.gz)?$/.test(name);

/** Files that MNIST-like images are read from: those of their folder, or the images and the labels beside them. */
async function idxFiles(dataset: Dataset, remote: Remote, path: string, found: SourceFile[]): Promise<NeededFiles> {
  const [only, another] = found;
  if (only === undefined || another !== undefined)
    return { fetched: found.filter(({ name }) => isIdx(name)), streamed: [], path };
  const folder = only.name.slice(0, only.name.lastIndexOf('/') + 1);
  const beside = dataset.labels?.from === 'Idx' && dataset.labels.path === undefined;
  const names = beside ? idxLabelNames(only.name.slice(folder.length)).map((name) => `${folder}${name}`) : [];
  const labels = await Promise.all(names.map((name) => remote.find(name)));
  return { fetched: [only, ...labels.flat()], streamed: [], path: only.name };
}

/** The images' files. @throws DdrError InputMissing; InputForeign where one file is asked for, and there are several */
async function imageFiles(dataset: Dataset, remote: Remote): Promise<NeededFiles> {
  const path = plainPath(pathOfSource(dataset.source));
  const found = await remote.find(path);
  requireSome(found, remote.describe(path));
  if (isOfShards(dataset.format)) return { fetched: [], streamed: found, path };
  if (dataset.format === 'ImageFolder') return { fetched: found, streamed: [], path };
  if (dataset.format === 'Idx') return idxFiles(dataset, remote, path, found);
  const [only, another] = found;
  if (only !== undefined && another === undefined) return { fetched: [only], streamed: [], path: only.name };
  const arrays = found.filter(({ name }) => isArray(name));
  if (dataset.format !== 'ImageZip' && arrays.length > 0) return { fetched: arrays, streamed: [], path };
  throw new DdrError('InputForeign', `there are ${found.length} files, and format ${dataset.format} is of one`, {
    where: remote.describe(path),
    hint: 'Name the file in path of dataset.source.',
  });
}

/** A file that a spec names by itself, or those of a folder. @throws DdrError InputMissing */
async function namedFiles(remote: Remote, given: string): Promise<SourceFile[]> {
  const path = plainPath(given);
  const found = await remote.find(path);
  if (found.length > 0) return found;
  throw new DdrError('InputMissing', 'is not there', {
    where: remote.describe(path),
    hint: 'Paths of labels, contexts and the spread of latents are from the prefix of the source, or among its URLs.',
  });
}

/**
 * What of a source is needed to prepare a dataset.
 * @param prompts contexts that samples are drawn to, which lie at the same place
 * @throws DdrError InputMissing, InputForeign, and what looking throws
 */
export async function neededFiles(
  dataset: Dataset,
  prompts: ContextFile | undefined,
  remote: Remote,
): Promise<NeededFiles> {
  const { labels, contexts, latents, format } = dataset;
  const named = [labels?.path, contexts?.path, prompts?.path, format === 'Npy' ? latents?.spread : undefined];
  const images = await imageFiles(dataset, remote);
  const others = await Promise.all(named.filter((path) => path !== undefined).map((path) => namedFiles(remote, path)));
  const fetched = new Map([...images.fetched, ...others.flat()].map((file) => [file.name, file]));
  return { ...images, fetched: [...fetched.values()] };
}
