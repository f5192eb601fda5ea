import { DdrError } from '../../api/errors.ts';
import { foreignContent } from './content.ts';

/**
 * Headers of tar archives, as pax, ustar, GNU and V7 have them, read as Python's tarfile does. It is our own parser since
 * members are found from headers alone: libraries want all bytes of an archive to pass through them, which over a network
 * would be all of the data, and skip in silence what they do not know, sparse members among it.
 */

/** An archive consists of blocks of this size. */
export const tarBlock = 512;

/** Bytes that a member's content takes. */
export const paddedSize = (size: number): number => Math.ceil(size / tarBlock) * tarBlock;

export type TarKind =
  | 'file'
  /** Symbolic and hard links, which have no content of their own. */
  | 'link'
  | 'folder'
  /** Devices and pipes. */
  | 'special'
  /** A file whose zeros are left out. */
  | 'sparse'
  /** The name of the member that follows. */
  | 'longName'
  /** The link's target of the member that follows. */
  | 'longLink'
  /** Fields of the member that follows, and of all that follow. */
  | 'pax'
  | 'globalPax'
  /** What this version of the format has nothing of. */
  | 'unknown';

export interface TarHeader {
  kind: TarKind;
  name: Uint8Array;
  /** Bytes of content, without padding. */
  size: number;
}

const kinds: Record<string, TarKind> = {
  '\0': 'file',
  0: 'file',
  7: 'file', // contiguous
  1: 'link',
  2: 'link',
  3: 'special',
  4: 'special',
  6: 'special',
  5: 'folder',
  S: 'sparse',
  L: 'longName',
  K: 'longLink',
  x: 'pax',
  X: 'pax', // Solaris
  g: 'globalPax',
};

/** Kinds that have no content, whatever size they say. */
export const isEmptyKind = (kind: TarKind): boolean => kind === 'link' || kind === 'folder' || kind === 'special';

/** A field of text: up to the first NUL. */
function textField(block: Uint8Array, from: number, length: number): Uint8Array {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

/** A field of a number: octal digits, or with its first bit set an integer of 256s. Undefined where it is neither. */
function numberField(block: Uint8Array, from: number, length: number): number | undefined {
  const field = block.subarray(from, from + length);
  if (field[0] === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = Buffer.from(textField(field, 0, length))
    .toString('latin1')
    .trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

const [checksumAt, checksumLength] = [148, 8];

/** Whether the sum of the header's bytes is what it says, of bytes with sign or without: old archivers wrote either. */
function isSound(block: Uint8Array): boolean {
  let [unsigned, signed] = [0, 0];
  for (let at = 0; at < tarBlock; at++) {
    const byte = at >= checksumAt && at < checksumAt + checksumLength ? 0x20 : (block[at] as number);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const said = numberField(block, checksumAt, checksumLength);
  return said === unsigned || said === signed;
}

/** Whether a block is one of those that end an archive. */
export const isEndBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

const slash = Buffer.from('/');

/** Only POSIX's own layout has the beginning of a long name; GNU's has times in that place. */
function nameOf(block: Uint8Array): Uint8Array {
  const name = textField(block, 0, 100);
  const isPosix = Buffer.from(block.subarray(257, 263)).toString('latin1') === 'ustar\0';
  const prefix = isPosix ? textField(block, 345, 155) : new Uint8Array();
  return prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]);
}

/**
 * Reads a header.
 * @param block of {@link tarBlock} bytes, not all zero
 * @param at where it is in the archive, for the message
 * @throws DdrError InputForeign
 */
export function parseTarHeader(block: Uint8Array, at: number, where: string): TarHeader {
  const foreign = (what: string) =>
    at === 0
      ? foreignContent(block, 'is not a tar archive', where)
      : new DdrError('InputForeign', `is damaged: ${what} at byte ${at}`, {
          where,
          hint: 'Copy it again; "tar -tf" lists what can be read of it.',
        });
  if (!isSound(block)) throw foreign('there is no header of a member');
  const size = numberField(block, 124, 12);
  if (size === undefined) throw foreign('the header of a member says no size');
  const name = nameOf(block);
  const type = block[156] as number;
  // V7 has no type of folders: what has no type, and a slash at the end of its name, is one.
  const isFolder = type === 0 && name.at(-1) === slash[0];
  return { kind: isFolder ? 'folder' : (kinds[String.fromCharCode(type)] ?? 'unknown'), name, size };
}

/**
 * Records of a pax header, "length key=value\n" each, by key; of a key that comes twice the last one counts.
 * @throws DdrError InputForeign
 */
export function parsePax(bytes: Uint8Array, where: string): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = Buffer.from(bytes.subarray(at, space < 0 ? at : space)).toString('latin1');
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (!/^\d{1,10}$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw new DdrError('InputForeign', 'has a pax header that is none', { where, hint: 'Copy it again.' });
    records.set(Buffer.from(bytes.subarray(space + 1, equals)).toString('utf8'), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}
