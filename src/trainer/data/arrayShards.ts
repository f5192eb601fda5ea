import { relative } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { bytesPerElement, type ElementType, type Numbers, numbersOf } from '../formats/elements.ts';
import { npyHeadBytes, npyNumbers, parseNpyHeader, readNpy } from '../formats/npy.ts';
import { npzContent, npzEntries } from '../formats/npz.ts';
import { parseSafetensorsHeader, safetensorsHeadBytes } from '../formats/safetensorsHeader.ts';
import { chooseArray, imagesWanted, openNpy, openNpz, type Wanted } from './arrayFiles.ts';
import type { NumberArray } from './arrayImages.ts';
import { type Findings, noteLeftOut } from './findings.ts';
import { isFolder } from './folder.ts';
import type { SourceFile, SourceFiles } from './sourceFiles.ts';
import { openVolumeFiles } from './volumeFiles.ts';

export type ArrayFormat = 'Npy' | 'Npz' | 'Safetensors';

const suffixes: Record<ArrayFormat, RegExp> = { Npy: /\.npy$/i, Npz: /\.npz$/i, Safetensors: /\.safetensors$/i };

/** Largest .npz of several: each is read whole, one at a time. */
const mostNpzBytes = 2 ** 31;

const perEntry = (shape: readonly number[]) => shape.slice(1).reduce((product, size) => product * size, 1);

/** Types of safetensors that are numbers here. */
const elementTypes: Record<string, ElementType> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  U32: 'uint32',
  I32: 'int32',
  U64: 'uint64',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

/** One file of several: which of its arrays is meant, and how. */
interface Asked {
  files: SourceFiles;
  file: SourceFile;
  named: string | undefined;
  wanted: Wanted;
  where: string;
  /** What was read last of files that are read whole: one of them is in memory. */
  held: { file?: SourceFile; data?: Numbers | undefined };
}

/** An array that lies in a file in C order, read by position. */
const inFile = (
  { files, file }: Asked,
  array: Omit<NumberArray, 'slice'>,
  offset: number,
  numbers: (bytes: Uint8Array) => Numbers,
): NumberArray => {
  const entryBytes = perEntry(array.shape) * bytesPerElement(array.type);
  const slice = async (first: number, size: number) =>
    numbers(size === 0 ? new Uint8Array() : await files.range(file, offset + first * entryBytes, size * entryBytes));
  return { ...array, slice };
};

async function npyShard(asked: Asked): Promise<NumberArray> {
  const { files, file, where } = asked;
  const header = parseNpyHeader(await files.range(file, 0, Math.min(npyHeadBytes, file.size)), where);
  const { type, shape, fortran, dataOffset, dataBytes } = header;
  if (fortran) {
    throw new DdrError('InputForeign', 'is in Fortran order, and one of several files', {
      where,
      hint: 'Save it with numpy.save(path, numpy.ascontiguousarray(array)).',
    });
  }
  if (dataOffset + dataBytes > file.size) throw truncated(file.size - dataOffset, dataBytes, where);
  return inFile(asked, { where, type, shape }, dataOffset, (bytes) => npyNumbers(header, bytes));
}

const truncated = (found: number, promised: number, where: string) =>
  new DdrError('InputTruncated', `ends after ${found} bytes of data; its header promises ${promised}`, { where });

async function safetensorsShard(asked: Asked): Promise<NumberArray> {
  const { files, file, named, wanted, where } = asked;
  const length = safetensorsHeadBytes(await files.range(file, 0, Math.min(8, file.size)), where);
  const head = await files.range(file, 0, Math.min(length, file.size));
  const { tensors } = parseSafetensorsHeader(head, where, file.size);
  const entries = [...tensors].map(([name, { dtype, shape, from }]) => ({
    name,
    header: { type: elementTypes[dtype], shape, from, dtype },
  }));
  const known = entries.flatMap(({ name, header: { type, ...header } }) =>
    type === undefined ? [] : [{ name, header: { ...header, type } }],
  );
  const { name, header } = chooseArray(known, named, wanted, where);
  const { type, shape, from } = header;
  return inFile(asked, { where: `${where}: ${name}`, type, shape }, from, (bytes) => numbersOf(type, bytes));
}

async function npzShard(asked: Asked): Promise<NumberArray> {
  const { files, file, named, wanted, where, held } = asked;
  if (file.size > mostNpzBytes) {
    throw new DdrError('InputUnsafe', `has ${file.size} bytes, and is read whole`, {
      where,
      hint: 'Save it in smaller ones, or with numpy.save or safetensors, which are read by position.',
    });
  }
  const whole = () => files.range(file, 0, file.size);
  const chosen = chooseArray(npzEntries(await whole(), where), named, wanted, where);
  if ('error' in chosen) throw chosen.error;
  const { name, header } = chosen;
  async function slice(first: number, size: number) {
    if (held.file !== file || held.data === undefined) {
      held.data = undefined;
      Object.assign(held, { file, data: readNpy(npzContent(await whole(), where, name), where).data });
    }
    const data = held.data as Numbers;
    return data.subarray(first * perEntry(header.shape), (first + size) * perEntry(header.shape));
  }
  return { where: `${where}:${name}.npy`, type: header.type, shape: header.shape, slice };
}

const openShard: Record<ArrayFormat, (asked: Asked) => Promise<NumberArray>> = {
  Npy: npyShard,
  Npz: npzShard,
  Safetensors: safetensorsShard,
};

/**
 * Arrays one after the other as one.
 * @param arrays one at least
 * @throws DdrError InputMismatch where they are of different types, or of shapes that differ in more than their number of entries
 */
export function joined(arrays: readonly NumberArray[]): NumberArray {
  const [first, ...others] = arrays as readonly [NumberArray, ...NumberArray[]];
  const kindOf = ({ type, shape }: NumberArray) =>
    `${type} [N${shape
      .slice(1)
      .map((size) => `, ${size}`)
      .join('')}]`;
  for (const other of others) {
    if (kindOf(other) === kindOf(first) && other.shape.length > 0) continue;
    throw new DdrError('InputMismatch', `is ${kindOf(other)}, and ${first.where} is ${kindOf(first)}`, {
      where: other.where,
      hint: 'Files of one dataset hold arrays of one type and, but for the number of entries, one shape.',
    });
  }
  const counts = arrays.map(({ shape }) => shape[0] ?? 0);
  async function slice(from: number, size: number): Promise<Numbers> {
    const parts: Numbers[] = [];
    let start = 0;
    for (const [index, array] of arrays.entries()) {
      const count = counts[index] as number;
      const [begin, end] = [Math.max(from, start), Math.min(from + size, start + count)];
      if (begin < end) parts.push(await array.slice(begin - start, end - begin));
      start += count;
    }
    return parts.length === 1 ? (parts[0] as Numbers) : concatenated(parts, await first.slice(0, 0));
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return others.length === 0 ? first : { ...first, shape: [total, ...first.shape.slice(1)], slice };
}

/** @param empty of the same type */
function concatenated(parts: readonly Numbers[], empty: Numbers): Numbers {
  const bytes = Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
  const copy = new Uint8Array(bytes); // aligned, which a piece of Node's pool need not be
  const numbers = empty.constructor as unknown as new (buffer: ArrayBuffer) => Numbers;
  return new numbers(copy.buffer);
}

/**
 * Opens files of arrays, in the order of their names, as one array; what else is there is noted.
 * @param named which array of each file, where it has several
 * @throws DdrError InputMissing where there is none, InputForeign, InputTruncated, InputUnsafe, InputMismatch
 */
export async function openArrayShards(
  files: SourceFiles,
  format: ArrayFormat,
  named: string | undefined,
  findings: Findings,
  wanted: Wanted,
): Promise<NumberArray> {
  const all = await files.list();
  const isShard = ({ name }: SourceFile) => suffixes[format].test(name);
  for (const file of all) if (!isShard(file)) noteLeftOut(findings, Buffer.from(file.name));
  const arrays: NumberArray[] = [];
  const held = {};
  for (const file of all.filter(isShard))
    arrays.push(await openShard[format]({ files, file, named, wanted, where: `${files.where}: ${file.name}`, held }));
  if (arrays.length > 0) return joined(arrays);
  throw new DdrError('InputMissing', `the folder has no file of format ${format}`, {
    where: files.where,
    hint: `Their names end in .${format.toLowerCase()}.`,
  });
}

/**
 * Opens an array: that of a file, or of the files of a folder.
 * @param path resolved, on the volume `root`
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe, InputMismatch
 */
export async function openArrays(
  format: ArrayFormat,
  { path, root }: { path: string; root: string },
  named: string | undefined,
  findings: Findings,
  wanted: Wanted = imagesWanted,
): Promise<NumberArray> {
  const files = () => openVolumeFiles(root, relative(root, path), path);
  if (await isFolder(path)) return openArrayShards(await files(), format, named, findings, wanted);
  if (format === 'Safetensors') {
    const [file] = await (await files()).list();
    return safetensorsShard({ files: await files(), file: file as SourceFile, named, wanted, where: path, held: {} });
  }
  return format === 'Npy' ? openNpy(path) : openNpz(path, named, findings, wanted);
}
