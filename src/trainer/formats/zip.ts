import { crc32, inflateRawSync } from 'node:zlib';
import { Inflate, zipSync } from 'fflate';
import { DdrError } from '../../api/errors.ts';
import { localSignature, type ZipEntry, zipDirectory } from './zipDirectory.ts';

export type { ZipEntry } from './zipDirectory.ts';

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

const [stored, deflated] = [0, 8];

/** Deflate makes at most about 1032 bytes of one: what promises more is a lie that would cost us memory. */
const mostExpansion = 1040;

/** Methods that others know and we do not. */
const methodNames = new Map([
  [1, 'Shrink'],
  [6, 'Implode'],
  [9, 'Deflate64'],
  [12, 'bzip2'],
  [14, 'LZMA'],
  [20, 'Zstandard'],
  [93, 'Zstandard'],
  [95, 'XZ'],
  [96, 'JPEG'],
  [98, 'PPMd'],
]);

const repack = 'Unpack it, and use the folder or pack it again with deflate, as "zip -r" does.';

/** What lies in the archive for an entry of ours to inflate. */
function compressedData(bytes: Uint8Array, entry: ZipEntry, where: string): Uint8Array {
  const { encrypted, method, compressed, size, offset } = entry;
  if (encrypted)
    throw new DdrError('InputForeign', 'is encrypted', {
      where,
      hint: 'Unpack it with its password, and use the folder.',
    });
  if (method !== stored && method !== deflated) {
    const name = methodNames.get(method);
    const by = name === undefined ? `method ${method}` : `${name} (method ${method})`;
    throw new DdrError('InputForeign', `is compressed by ${by}, not by deflate`, { where, hint: repack });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== localSignature)
    throw new DdrError('InputTruncated', 'the entry is not where the directory says', { where });
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + compressed > bytes.length)
    throw new DdrError('InputTruncated', 'the archive ends within this entry', { where });
  if (method === stored && compressed !== size)
    throw new DdrError('InputForeign', 'a stored entry has two different sizes', { where });
  return bytes.subarray(start, start + compressed);
}

/** Inflates to no more than was declared, in one piece of memory: so no entry grows beyond what was checked. */
function inflate(data: Uint8Array, size: number, where: string): Uint8Array {
  if (size > data.length * mostExpansion)
    throw new DdrError('InputUnsafe', `declares ${size} bytes, more than ${data.length} can inflate to`, { where });
  let content: Uint8Array;
  try {
    content = inflateRawSync(data, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size + 1, 64) });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DdrError('InputUnsafe', 'inflates to more than it declares', { where, cause });
    if (code === 'Z_BUF_ERROR')
      throw new DdrError('InputTruncated', 'ends before it is wholly inflated', { where, cause });
    throw new DdrError('InputForeign', 'cannot be inflated', { where, cause });
  }
  if (content.length > size) throw new DdrError('InputUnsafe', 'inflates to more than it declares', { where });
  if (content.length < size)
    throw new DdrError('InputTruncated', `inflates to ${content.length} bytes of ${size}`, { where });
  return content;
}

/**
 * An entry's content, whose checksum holds; a view of the archive where it is not compressed.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function zipContent(bytes: Uint8Array, entry: ZipEntry, archive: string): Uint8Array {
  const where = `${archive}:${entry.name}`;
  const data = compressedData(bytes, entry, where);
  const content = entry.method === stored ? data : inflate(data, entry.size, where);
  let checksum = 0;
  for (let at = 0; at < content.length; at += checkedBytes)
    checksum = crc32(content.subarray(at, at + checkedBytes), checksum);
  if (checksum !== entry.checksum)
    throw new DdrError('InputForeign', 'is damaged: it does not have the checksum that the archive gives', { where });
  return content;
}

/**
 * The first bytes of an entry's content, without inflating the rest; nothing checks them.
 * @throws DdrError InputForeign, InputTruncated
 */
export function zipHead(bytes: Uint8Array, entry: ZipEntry, archive: string, most: number): Uint8Array {
  const where = `${archive}:${entry.name}`;
  const data = compressedData(bytes, entry, where);
  if (entry.method === stored) return data.subarray(0, most);
  const wanted = Math.min(most, entry.size);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const inflater = new Inflate((piece) => {
    pieces.push(piece);
    length += piece.length;
  });
  try {
    for (let at = 0; at < data.length && length < wanted; at += 512)
      inflater.push(data.subarray(at, at + 512), at + 512 >= data.length);
  } catch (cause) {
    throw new DdrError('InputForeign', 'cannot be inflated', { where, cause });
  }
  return Buffer.concat(pieces).subarray(0, most);
}

/**
 * Checks that the entries may be inflated together.
 * @throws DdrError InputUnsafe
 */
export function checkSizes(entries: readonly ZipEntry[], archive: string, limits: ZipLimits): void {
  let total = 0;
  for (const { name, method, size } of entries) {
    if (method === stored) continue; // a view of what is in memory already
    total += size;
    if (size <= limits.entryBytes && total <= limits.totalBytes) continue;
    const most = size > limits.entryBytes ? limits.entryBytes : limits.totalBytes;
    throw new DdrError('InputUnsafe', `would inflate to more than ${most} bytes`, {
      where: `${archive}:${name}`,
      hint: 'If the archive is as it should be, unpack it and use the folder.',
    });
  }
}

/**
 * Entries of a zip archive that `wanted` picks, in the archive's order; folders are none. Names are only names: nothing
 * is written, so none can leave a folder. Sizes are checked before anything is inflated.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function zipEntries(
  bytes: Uint8Array,
  where: string,
  wanted: (name: string) => boolean = () => true,
  limits: ZipLimits = defaultZipLimits,
): ZipEntry[] {
  const entries = zipDirectory(bytes, where, limits.entries);
  const picked = entries.filter(({ name }) => !name.endsWith('/') && wanted(name));
  checkSizes(picked, where, limits);
  return picked;
}

/**
 * Reads the {@link zipEntries} one after the other: only one is inflated at a time.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function* readZip(
  bytes: Uint8Array,
  where: string,
  wanted?: (name: string) => boolean,
  limits?: ZipLimits,
): Generator<Pick<ZipEntry, 'name' | 'rawName'> & { bytes: Uint8Array }> {
  for (const entry of zipEntries(bytes, where, wanted, limits)) {
    const { name, rawName } = entry;
    yield { name, rawName, bytes: zipContent(bytes, entry, where) };
  }
}

/** A zip archive of stored entries, without times: equal contents give equal bytes. */
export const writeZip = (files: Record<string, Uint8Array>): Uint8Array =>
  zipSync(files, { level: 0, mtime: new Date('1980-01-01T00:00:00') });
