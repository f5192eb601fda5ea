import { crc32 } from 'node:zlib';
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

/** Bytes that a checksum takes at once. */
const checkedBytes = 2 ** 28;

interface Entry {
  name: string;
  encrypted: boolean;
  method: number;
  checksum: number;
  compressed: number;
  size: number;
  offset: number;
}

const endSignature = 0x06054b50;
const largeEndSignature = 0x06064b50;
const largeEndLocatorSignature = 0x07064b50;
const largeFieldId = 1;
/** Stands for a number that is in the entry's large field, because it needs 64 bits. */
const elsewhere = 0xffffffff;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;

/** Where the central directory begins and how many entries it has. Beyond 65,535 entries only ZIP64's record knows. */
function directoryAt(view: DataView, end: number): { count: number; at: number } {
  const locator = end - 20;
  if (locator >= 0 && view.getUint32(locator, true) === largeEndLocatorSignature) {
    const record = Number(view.getBigUint64(locator + 8, true));
    if (record + 56 <= locator && view.getUint32(record, true) === largeEndSignature) {
      return { count: Number(view.getBigUint64(record + 32, true)), at: Number(view.getBigUint64(record + 48, true)) };
    }
  }
  return { count: view.getUint16(end + 10, true), at: view.getUint32(end + 16, true) };
}

/** The numbers of an entry that need 64 bits, in their order, from its extra fields. */
function largeNumbers(view: DataView, from: number, to: number): number[] {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== largeFieldId) continue;
    const count = Math.floor(Math.min(view.getUint16(at + 2, true), to - at - 4) / 8);
    return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)));
  }
  return [];
}

/** The central directory: names and sizes, nothing inflated yet. */
function directory(bytes: Uint8Array, where: string, limits: ZipLimits): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  const lowest = Math.max(0, end - 65_535);
  while (end >= lowest && view.getUint32(end, true) !== endSignature) end--;
  if (end < lowest) {
    if (view.getUint32(0, true) === localSignature)
      throw new DdrError('InputTruncated', 'ends before its directory of entries', { where });
    throw new DdrError('InputForeign', 'is not a zip archive', { where });
  }
  const { count, at: start } = directoryAt(view, end);
  if (count > limits.entries)
    throw new DdrError('InputUnsafe', `has ${count} entries, more than ${limits.entries}`, { where });
  let at = start;
  return Array.from({ length: count }, () => {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== entrySignature) {
      throw new DdrError('InputTruncated', 'has a broken directory of entries', { where });
    }
    const extra = at + 46 + view.getUint16(at + 28, true);
    const comment = extra + view.getUint16(at + 30, true);
    const large = largeNumbers(view, extra, Math.min(comment, bytes.length));
    const number = (place: number) => {
      const value = view.getUint32(at + place, true);
      return value === elsewhere ? (large.shift() ?? value) : value;
    };
    const size = number(24); // the order of the large field
    const compressed = number(20);
    const offset = number(42);
    const entry = {
      name: new TextDecoder().decode(bytes.subarray(at + 46, extra)),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      compressed,
      size,
      offset,
    };
    at = comment + view.getUint16(at + 32, true);
    return entry;
  });
}

/** An entry's content, whose checksum holds. */
function extract(bytes: Uint8Array, entry: Entry, where: string): Uint8Array {
  const place = `${where}:${entry.name}`;
  if (entry.encrypted) throw new DdrError('InputForeign', 'is encrypted', { where: place });
  const content = inflate(bytes, entry, place);
  let checksum = 0;
  for (let at = 0; at < content.length; at += checkedBytes)
    checksum = crc32(content.subarray(at, at + checkedBytes), checksum);
  if (checksum !== entry.checksum)
    throw new DdrError('InputForeign', 'is damaged: it does not have the checksum that the archive gives', {
      where: place,
    });
  return content;
}

function inflate(bytes: Uint8Array, { method, compressed, size, offset }: Entry, place: string): Uint8Array {
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
  for (const entry of entries) yield { name: entry.name, bytes: extract(bytes, entry, where) };
}

/** A zip archive of stored entries, without times: equal contents give equal bytes. */
export const writeZip = (files: Record<string, Uint8Array>): Uint8Array =>
  zipSync(files, { level: 0, mtime: new Date('1980-01-01T00:00:00') });
