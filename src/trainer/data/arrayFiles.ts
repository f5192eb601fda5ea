import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { bytesPerElement } from '../formats/elements.ts';
import { npyHeadBytes, npyNumbers, parseNpyHeader, readNpy } from '../formats/npy.ts';
import { npzEntries, readNpz } from '../formats/npz.ts';
import type { NumberArray } from './arrayImages.ts';
import { layoutOf } from './arrayLayout.ts';
import { type Findings, shortName } from './findings.ts';
import { isFolder } from './folder.ts';
import { readIdx } from './idx.ts';
import { isGzip } from './imageFormat.ts';
import { readInput, readInputRange } from './volume.ts';

const idxNames = ['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz', 'train-images.idx3-ubyte'];

const perEntry = (shape: readonly number[]) => shape.slice(1).reduce((product, size) => product * size, 1);

/** An array whose elements are in memory. */
const inMemory = (array: Omit<NumberArray, 'slice'>, data: Awaited<ReturnType<NumberArray['slice']>>): NumberArray => ({
  ...array,
  slice: async (first, size) => data.subarray(first * perEntry(array.shape), (first + size) * perEntry(array.shape)),
});

/** The file that a path to MNIST-like images means: itself, or the one in the folder that has its usual name. */
export async function idxFile(path: string): Promise<string> {
  if (!(await isFolder(path))) return path;
  for (const name of idxNames) {
    const file = join(path, name);
    if (
      await stat(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new DdrError('InputMissing', `the folder has none of ${idxNames.join(', ')}`, {
    where: path,
    hint: 'Name the images file in path of dataset.source.',
  });
}

/** @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe */
export async function openIdx(path: string): Promise<NumberArray> {
  const where = await idxFile(path);
  const { shape, data } = readIdx(await readInput(where), where);
  return inMemory({ where, type: 'uint8', shape }, data);
}

const inRowMajor = 'Save it with numpy.save(path, numpy.ascontiguousarray(array)): it is then read by position.';

/**
 * Opens an .npy file. It is read by position, so that it may be larger than memory; only one in Fortran order, in which the
 * images lie mixed, is read whole.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe
 */
export async function openNpy(where: string): Promise<NumberArray> {
  const head = await readInputRange(where, 0, npyHeadBytes);
  if (isGzip(head)) throw new DdrError('InputForeign', 'is gzipped', { where, hint: 'Unpack it with gunzip.' });
  const header = parseNpyHeader(head, where);
  const { type, shape, fortran, dataOffset, dataBytes } = header;
  const { size: fileBytes } = await stat(where);
  if (dataOffset + dataBytes > fileBytes) {
    throw new DdrError(
      'InputTruncated',
      `ends after ${fileBytes - dataOffset} bytes of data; its header promises ${dataBytes}`,
      { where },
    );
  }
  if (fortran) return inMemory({ where, type, shape }, readNpy(await readInput(where, where, inRowMajor), where).data);
  const entryBytes = perEntry(shape) * bytesPerElement(type);
  return {
    where,
    type,
    shape,
    async slice(first, size) {
      const bytes = await readInputRange(where, dataOffset + first * entryBytes, size * entryBytes);
      if (bytes.length < size * entryBytes)
        throw new DdrError('DataChanged', 'has become shorter while it was read', { where });
      return npyNumbers(header, bytes);
    },
  };
}

/** What array of an archive is looked for where none is named. */
export interface Wanted {
  fits: (header: Pick<NumberArray, 'shape' | 'type'>) => boolean;
  /** For messages. */
  kind: string;
}

/** Arrays that could be images. */
export const imagesWanted: Wanted = {
  fits: ({ shape }) => layoutOf(shape) !== undefined,
  kind: 'images [N,H,W], [N,H,W,C] or [N,C,H,W]',
};

/** Arrays that a message names. */
const namedArrays = 10;

/** An array of a file: what its header says, or why it cannot be read. */
type Entry = { name: string } & ({ header: Pick<NumberArray, 'shape' | 'type'> } | { error: DdrError });

function described(entries: readonly Entry[]): string {
  const named = entries.slice(0, namedArrays).map((entry) => {
    const name = shortName(Buffer.from(entry.name));
    return 'header' in entry ? `${name} ${entry.header.type} [${entry.header.shape.join(', ')}]` : name;
  });
  const others = entries.length - named.length;
  return [...named, ...(others > 0 ? [`and ${others.toLocaleString('en')} others`] : [])].join(', ') || 'none';
}

/**
 * The array of a file: the one that was asked for, or the only one that could be.
 * @throws DdrError InputForeign
 */
export function chooseArray<E extends Entry>(
  entries: readonly E[],
  named: string | undefined,
  { fits, kind }: Wanted,
  where: string,
): E {
  if (named !== undefined) {
    const found = entries.find(({ name }) => name === named || `${name}.npy` === named);
    if (found !== undefined) return found;
    throw new DdrError('InputForeign', `has no array ${named}, only ${described(entries)}`, {
      where,
      hint: 'Name one of them in dataset.array.',
    });
  }
  const possible = entries.filter((entry) => 'header' in entry && fits(entry.header));
  const [only, second] = possible;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined) {
    throw new DdrError('InputForeign', `has several arrays that could be the images: ${described(possible)}`, {
      where,
      hint: 'Name one of them in dataset.array.',
    });
  }
  for (const entry of entries) if ('error' in entry) throw entry.error;
  throw new DdrError('InputForeign', `has no array of ${kind}, only ${described(entries)}`, {
    where,
    hint: 'Save one array of such a shape, made by numpy.stack(images) or array.reshape.',
  });
}

/** @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe */
export async function openNpz(
  path: string,
  named: string | undefined,
  findings: Findings,
  wanted: Wanted = imagesWanted,
): Promise<NumberArray> {
  const bytes = await readInput(path, path, 'Save its array of images by itself with numpy.save, and use format Npy.');
  const entries = npzEntries(bytes, path);
  const chosen = chooseArray(entries, named, wanted, path);
  if ('error' in chosen) throw chosen.error;
  const { name, header } = chosen;
  if (named === undefined && entries.length > 1)
    findings.said.push(`the images are the array ${shortName(Buffer.from(name))} of ${described(entries)}`);
  const { data } = readNpz(bytes, path, [name])[name] as ReturnType<typeof readNpy>;
  return inMemory(
    { where: `${path}:${shortName(Buffer.from(name))}.npy`, type: header.type, shape: header.shape },
    data,
  );
}
