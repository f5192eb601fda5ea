import { stat } from 'node:fs/promises';
import { DdrError } from '../../api/errors.ts';
import type { ContextFile } from '../../api/spec/conditions.ts';
import { bytesPerElement, type Numbers, numbersOf, toHalves } from '../formats/elements.ts';
import { npyHeadBytes, parseNpyHeader } from '../formats/npy.ts';
import { npzContent } from '../formats/npz.ts';
import { parseSafetensorsHeader, safetensorsHeadBytes } from '../formats/safetensorsHeader.ts';
import { openArrays } from './arrayShards.ts';
import { noFindings } from './findings.ts';
import { isFolder } from './folder.ts';
import { readInput, readInputRange, resolveInVolume } from './volume.ts';

/** How contexts are kept: as they came. */
export const contextTypes = ['float16', 'float32'] as const;
export type ContextType = (typeof contextTypes)[number];

/** Contexts of a file, [count, tokens, width]. */
export interface Contexts {
  where: string;
  count: number;
  tokens: number;
  width: number;
  type: ContextType;
  /** Bytes of the contexts of some entries, little-endian. @throws DdrError DataChanged, InputForeign where not finite */
  read(first: number, size: number): Promise<Uint8Array>;
}

/** What a header says, and where the first element is. */
interface Layout {
  type: string;
  shape: readonly number[];
  offset: number;
}

const asFloats = 'Save them in Python as float16 or float32 [N, tokens, width]: numpy.ascontiguousarray(array).';

function npyLayout(head: Uint8Array, where: string): Layout {
  const { type, bigEndian, fortran, shape, dataOffset } = parseNpyHeader(head, where);
  if (bigEndian || fortran)
    throw new DdrError('InputForeign', `is in ${fortran ? 'Fortran' : 'big-endian'} order`, { where, hint: asFloats });
  return { type, shape, offset: dataOffset };
}

function safetensorsLayout(head: Uint8Array, array: string, fileBytes: number, where: string): Layout {
  const { tensors } = parseSafetensorsHeader(head, where, fileBytes);
  const tensor = tensors.get(array);
  if (tensor === undefined) {
    const there = [...tensors.keys()].slice(0, 10).join(', ');
    throw new DdrError('InputForeign', `has no tensor ${array}, only ${there || 'none'}`, { where });
  }
  const types: Record<string, string> = { F16: 'float16', F32: 'float32' };
  return { type: types[tensor.dtype] ?? tensor.dtype, shape: tensor.shape, offset: tensor.from };
}

/** Reads from the bytes of a file. */
type Read = (offset: number, length: number) => Promise<Uint8Array>;

async function layoutOf({ from, array = '' }: ContextFile, path: string): Promise<{ layout: Layout; read: Read }> {
  const read: Read = (offset, length) => readInputRange(path, offset, length);
  switch (from) {
    case 'Npy':
      return { layout: npyLayout(await read(0, npyHeadBytes), path), read };
    case 'Npz': {
      const bytes = npzContent(await readInput(path, path, 'Save them by themselves with numpy.save.'), path, array);
      const layout = npyLayout(bytes.subarray(0, npyHeadBytes), `${path}:${array}`);
      return { layout, read: async (offset, length) => bytes.subarray(offset, offset + length) };
    }
    case 'Safetensors': {
      const { size } = await stat(path);
      const head = await read(0, safetensorsHeadBytes(await read(0, 8), path));
      return { layout: safetensorsLayout(head, array, size, path), read };
    }
  }
}

/**
 * Opens contexts.
 * @param file one on the volume `root`, or a folder of them
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe
 */
export async function openContexts(file: ContextFile, root: string): Promise<Contexts> {
  const where = await resolveInVolume(root, file.path, 'contexts');
  if (await isFolder(where)) return openFolderOfContexts(file, where, root);
  const { layout, read } = await layoutOf(file, where);
  const about = dimensionsOf(layout, where);
  const { count, type } = about;
  const bytesPerEntry = about.tokens * about.width * bytesPerElement(type);
  const last = await read(layout.offset + (count - 1) * bytesPerEntry, bytesPerEntry);
  if (last.length < bytesPerEntry)
    throw new DdrError('InputTruncated', 'ends before the last of its contexts', { where });
  return {
    where,
    ...about,
    async read(first, size) {
      const bytes = await read(layout.offset + first * bytesPerEntry, size * bytesPerEntry);
      if (bytes.length < size * bytesPerEntry)
        throw new DdrError('DataChanged', 'has become shorter while it was read', { where });
      requireFinite(numbersOf(type, bytes), first, where);
      return bytes;
    },
  };
}

/** Contexts in several files, one after the other. */
async function openFolderOfContexts({ from, array }: ContextFile, path: string, root: string): Promise<Contexts> {
  const wanted = {
    fits: ({ shape }: { shape: readonly number[] }) => shape.length === 3,
    kind: 'contexts [N, tokens, width]',
  };
  const { where, type: found, shape, slice } = await openArrays(from, { path, root }, array, noFindings(), wanted);
  const about = dimensionsOf({ type: found, shape }, where);
  return {
    where,
    ...about,
    async read(first, size) {
      const numbers = (await slice(first, size)) as Float32Array;
      requireFinite(numbers, first, where);
      const stored = about.type === 'float16' ? toHalves(numbers) : numbers;
      return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    },
  };
}

/** @throws DdrError InputForeign */
function dimensionsOf({ type: found, shape }: Pick<Layout, 'type' | 'shape'>, where: string) {
  const type = contextTypes.find((known) => known === found);
  if (type === undefined)
    throw new DdrError('InputForeign', `has contexts of type ${found}`, { where, hint: asFloats });
  const [count = 0, tokens = 0, width = 0] = shape;
  if (shape.length === 3 && count > 0) return { type, count, tokens, width };
  throw new DdrError('InputForeign', `has shape [${shape.join(', ')}], not that of contexts [N, tokens, width]`, {
    where,
    hint: asFloats,
  });
}

/** @throws DdrError InputForeign */
function requireFinite(numbers: Numbers, first: number, where: string): void {
  if (numbers.every((value: number | bigint) => Number.isFinite(value))) return;
  throw new DdrError('InputForeign', `has numbers that are not finite, in or after context ${first}`, { where });
}

/** Whether contexts have the declared shape. @throws DdrError InputMismatch */
export function requireShape(
  contexts: Pick<Contexts, 'where' | 'tokens' | 'width'>,
  declared: { tokens: number; width: number },
): void {
  for (const name of ['tokens', 'width'] as const) {
    if (contexts[name] === declared[name]) continue;
    throw new DdrError('InputMismatch', `has contexts with ${name} ${contexts[name]}, not ${declared[name]}`, {
      where: contexts.where,
      hint: `Set dataset.contexts.${name} to what the data have, or encode them so.`,
    });
  }
}
