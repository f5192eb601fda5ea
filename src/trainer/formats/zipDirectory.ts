import { DdrError } from '../../api/errors.ts';
import { foreignContent } from './content.ts';
import { decodeCp437 } from './cp437.ts';

/** An entry of a zip archive, as the central directory describes it. */
export interface ZipEntry {
  /** Decoded as the entry says: UTF-8 or code page 437. Whatever separates folders stays as it is. */
  name: string;
  /** The name's bytes, a view of the archive. */
  rawName: Uint8Array;
  encrypted: boolean;
  /** Number of the method that it is compressed by. */
  method: number;
  /** CRC-32 of the content. */
  checksum: number;
  /** Bytes in the archive, and inflated. */
  compressed: number;
  size: number;
  /** Where its local header begins in the file. */
  offset: number;
}

export const localSignature = 0x04034b50;
const entrySignature = 0x02014b50;
const endSignature = 0x06054b50;
const largeEndSignature = 0x06064b50;
const largeEndLocatorSignature = 0x07064b50;
const [endBytes, largeEndBytes, locatorBytes, entryBytes] = [22, 56, 20, 46];
const longestComment = 65_535;
const largeFieldId = 1;
/** Stands for a number that is in the entry's large field, because it needs 64 bits. */
const elsewhere = 0xffffffff;
const utf8Flag = 1 << 11;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where the end record begins: the last whose comment fills the file, else the last; undefined where there is none. */
function findEnd(view: DataView): number | undefined {
  const length = view.byteLength;
  let last: number | undefined;
  for (let at = length - endBytes; at >= Math.max(0, length - endBytes - longestComment); at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endBytes + view.getUint16(at + 20, true) === length) return at;
    last ??= at;
  }
  return last;
}

interface Place {
  /** Where the directory begins in the file, and its bytes. */
  start: number;
  size: number;
  /** Bytes before the archive, from whose end its offsets count. */
  before: number;
}

/** Beyond 65,535 entries or 4 GiB only ZIP64's record knows; it lies before its locator, which lies before the end. */
function findLargeEnd(view: DataView, end: number): number | undefined {
  const locator = end - locatorBytes;
  if (locator < largeEndBytes || view.getUint32(locator, true) !== largeEndLocatorSignature) return undefined;
  const places = [locator - largeEndBytes, Number(view.getBigUint64(locator + 8, true))];
  return places.find((at) => at + largeEndBytes <= locator && view.getUint32(at, true) === largeEndSignature);
}

/**
 * Where the directory is. It ends where the end record begins, and offsets count from the archive's own start: so what
 * lies before a self-extracting archive shows in the difference.
 */
function findDirectory(view: DataView, end: number): Place | undefined {
  const large = findLargeEnd(view, end);
  const [size, offset] =
    large === undefined
      ? [view.getUint32(end + 12, true), view.getUint32(end + 16, true)]
      : [Number(view.getBigUint64(large + 40, true)), Number(view.getBigUint64(large + 48, true))];
  const before = (large ?? end) - size - offset;
  const begins = (at: number) => at + entryBytes <= view.byteLength && view.getUint32(at, true) === entrySignature;
  // Something may also lie between the directory and its end; then the offset is right as it is.
  const shift = [before, 0].find((shift) => shift >= 0 && (size === 0 || begins(offset + shift)));
  return shift === undefined ? undefined : { start: offset + shift, size, before: shift };
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

/** The entry that begins there, and where the next one does. */
function readEntry(bytes: Uint8Array, view: DataView, at: number, before: number): { entry: ZipEntry; next: number } {
  const flags = view.getUint16(at + 8, true);
  const extra = at + entryBytes + view.getUint16(at + 28, true);
  const comment = extra + view.getUint16(at + 30, true);
  const large = largeNumbers(view, extra, Math.min(comment, bytes.length));
  const number = (place: number) => {
    const value = view.getUint32(at + place, true);
    return value === elsewhere ? (large.shift() ?? value) : value;
  };
  const size = number(24); // the order of the large field
  const compressed = number(20);
  const offset = number(42) + before;
  const rawName = bytes.subarray(at + entryBytes, extra);
  const entry = {
    name: (flags & utf8Flag) === 0 ? decodeCp437(rawName) : new TextDecoder().decode(rawName),
    rawName,
    encrypted: (flags & 1) === 1,
    method: view.getUint16(at + 10, true),
    checksum: view.getUint32(at + 16, true),
    compressed,
    size,
    offset,
  };
  return { entry, next: comment + view.getUint16(at + 32, true) };
}

/**
 * The entries of a zip archive, in its order; nothing is inflated. Bytes before the archive and a comment after it do
 * not matter.
 * @param most entries that it may have
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function zipDirectory(bytes: Uint8Array, where: string, most: number): ZipEntry[] {
  if (bytes.length < endBytes) throw new DdrError('InputTruncated', 'is too short for a zip archive', { where });
  const view = viewOf(bytes);
  const end = findEnd(view);
  if (end === undefined) {
    if (view.getUint32(0, true) === localSignature)
      throw new DdrError('InputTruncated', 'ends before its directory of entries', { where });
    throw foreignContent(bytes, 'is not a zip archive', where);
  }
  const broken = () => new DdrError('InputTruncated', 'has a broken directory of entries', { where });
  const place = findDirectory(view, end);
  if (place === undefined) throw broken();
  const entries: ZipEntry[] = [];
  for (let at = place.start; at < place.start + place.size; ) {
    if (at + entryBytes > bytes.length || view.getUint32(at, true) !== entrySignature) throw broken();
    const { entry, next } = readEntry(bytes, view, at, place.before);
    if (next > bytes.length) throw broken();
    if (entries.push(entry) > most)
      throw new DdrError('InputUnsafe', `has more than ${most} entries`, {
        where,
        hint: 'If the archive is as it should be, unpack it and use the folder.',
      });
    at = next;
  }
  return entries;
}
