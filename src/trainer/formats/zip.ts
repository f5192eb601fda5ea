import { Inflate, zipSync } from 'fflate';
import { DdrError } from '../../api/errors.ts';

export interface ZipLimits {
  /** Most entries. */
  entries: number;
  /** Most bytes that one entry may inflate to. */
  entryBytes: number;
  /** Most bytes that all wanted entries may inflate to together. */
  totalBytes: number;
}

export const defaultZipLimits: ZipLimits = { entries: 2_000_000, entryBytes: 2 ** 31, totalBytes: 2 ** 34 };

interface Entry {
  name: string;
  method: number;
  compressed: number;
  size: number;
  offset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;

/** The central directory: names and sizes, nothing inflated yet. */
function directory(bytes: Uint8Array, where: string, limits: ZipLimits): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  const lowest = Math.max(0, end - 65_535);
  while (end >= lowest && view.getUint32(end, true) !== endSignature) end--;
  if (end < lowest) {
    throw new DdrError('InputForeign', 'is not a zip archive, or its end is missing', { where });
  }
  const count = view.getUint16(end + 10, true);
  if (count > limits.entries)
    throw new DdrError('InputUnsafe', `has ${count} entries, more than ${limits.entries}`, { where });
  let at = view.getUint32(end + 16, true);
  return Array.from({ length: count }, () => {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== entrySignature) {
      throw new DdrError('InputTruncated', 'has a broken directory of entries', { where });
    }
    const nameLength = view.getUint16(at + 28, true);
    const entry = {
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      compressed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    return entry;
  });
}

function inflate(bytes: Uint8Array, { name, method, compressed, size, offset }: Entry, where: string): Uint8Array {
  const place = `${where}:${name}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== localSignature) {
    throw new DdrError('InputTruncated', 'the entry is not where the directory says', { where: place });
  }
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const data = bytes.subarray(start, start + compressed);
  if (data.length < compressed)
    throw new DdrError('InputTruncated', 'the archive ends within this entry', { where: place });
  if (method === 0) {
    if (compressed !== size)
      throw new DdrError('InputForeign', 'a stored entry has two different sizes', { where: place });
    return data;
  }
  if (method !== 8)
    throw new DdrError('InputForeign', `is compressed by method ${method}; use deflate or store`, { where: place });
  // Inflated piece by piece into a buffer of the declared size, so that no entry can grow beyond what was checked.
  const output = new Uint8Array(size);
  let length = 0;
  const inflater = new Inflate((chunk) => {
    if (length + chunk.length > size)
      throw new DdrError('InputUnsafe', 'inflates to more than it declares', { where: place });
    output.set(chunk, length);
    length += chunk.length;
  });
  try {
    for (let at = 0; at < data.length; at += 65_536)
      inflater.push(data.subarray(at, at + 65_536), at + 65_536 >= data.length);
  } catch (cause) {
    if (cause instanceof DdrError) throw cause;
    throw new DdrError('InputForeign', 'cannot be inflated', { where: place, cause });
  }
  if (length !== size) throw new DdrError('InputTruncated', `inflates to ${length} bytes of ${size}`, { where: place });
  return output;
}

/**
 * Reads the entries of a zip archive that `wanted` picks, in the archive's order. Names are only names: nothing is
 * written, so none can leave a folder. Sizes are checked before anything is inflated.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function* readZip(
  bytes: Uint8Array,
  where: string,
  wanted: (name: string) => boolean = () => true,
  limits: ZipLimits = defaultZipLimits,
): Generator<{ name: string; bytes: Uint8Array }> {
  if (bytes.length < 22) throw new DdrError('InputTruncated', 'is too short for a zip archive', { where });
  const entries = directory(bytes, where, limits).filter(({ name }) => !name.endsWith('/') && wanted(name));
  let total = 0;
  for (const { name, size } of entries) {
    total += size;
    if (size > limits.entryBytes || total > limits.totalBytes) {
      throw new DdrError('InputUnsafe', `would inflate to more than ${limits.totalBytes} bytes`, {
        where: `${where}:${name}`,
        hint: 'If the archive is as it should be, unpack it and use the folder.',
      });
    }
  }
  for (const entry of entries) yield { name: entry.name, bytes: inflate(bytes, entry, where) };
}

/** A zip archive of stored entries, without times: equal contents give equal bytes. */
export const writeZip = (files: Record<string, Uint8Array>): Uint8Array =>
  zipSync(files, { level: 0, mtime: new Date('1980-01-01T00:00:00') });
