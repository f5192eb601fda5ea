import { DdrError } from '../../api/errors.ts';

/**
 * Headers of Parquet's pages. The library that reads the pages believes their headers, and a damaged one leads it into an
 * endless loop; and it does not say where pages are, which is what lets a few of a large column be read.
 */
export interface ParquetPage {
  isDictionary: boolean;
  /** Whether its values are numbers of entries of the dictionary before it. */
  needsDictionary: boolean;
  /** Where its header begins, in the bytes that it was looked for in. */
  at: number;
  /** Where the page ends. */
  end: number;
  /** Values, nulls among them; none of a dictionary. */
  values: number;
}

/** Bytes that a header has at most: statistics of long values are in it. */
export const pageHeadBytes = 2 ** 14;

const [dataPage, dictionaryPage, dataPageV2] = [0, 2, 3];
const dictionaryEncodings = [2, 8]; // PLAIN_DICTIONARY, RLE_DICTIONARY

/** A structure of Thrift's compact protocol, by the fields' numbers; only whole numbers and structures are kept. */
type Fields = Map<number, number | Fields>;

class Malformed extends Error {}

/** Reads a structure. @returns also where it ends */
function readFields(bytes: Uint8Array, from: number, depth = 0): { fields: Fields; end: number } {
  let at = from;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new Malformed('ends within the header of a page');
    return value;
  };
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const part = byte();
      if (shift < 35) result |= (part & 0x7f) << shift; // of more bits, which sizes do not have, the lower ones are enough
      if (part < 0x80) return result;
    }
    throw new Malformed('has a number without an end');
  };
  const zigzag = (): number => {
    const value = varint();
    return (value >>> 1) ^ -(value & 1);
  };
  const skipped = (length: number): undefined => {
    if (length < 0 || at + length > bytes.length) throw new Malformed('ends within the header of a page');
    at += length;
    return undefined;
  };
  const element = (type: number): number | Fields | undefined => {
    switch (type) {
      case 1:
      case 2:
        return type === 1 ? 1 : 0; // true and false have no bytes of their own
      case 3:
        return skipped(1);
      case 4:
      case 5:
      case 6:
        return zigzag();
      case 7:
        return skipped(8);
      case 8:
        return skipped(varint());
      case 12: {
        if (depth > 4) throw new Malformed('has a header that is nested too deeply');
        const inner = readFields(bytes, at, depth + 1);
        at = inner.end;
        return inner.fields;
      }
      default:
        throw new Malformed(`has a header with a field of type ${type}`);
    }
  };
  const fields: Fields = new Map();
  for (let id = 0; ; ) {
    const head = byte();
    const type = head & 15;
    if (type === 0) return { fields, end: at };
    id = head >> 4 === 0 ? zigzag() : id + (head >> 4);
    const value = element(type);
    if (value !== undefined) fields.set(id, value);
  }
}

/** A field of a header. @throws Malformed where it is not there, or no size */
function size(fields: Fields | number | undefined, id: number): number {
  const value = fields instanceof Map ? fields.get(id) : undefined;
  if (typeof value === 'number' && value >= 0) return value;
  throw new Malformed('has the header of a page that says no size');
}

function pageOf(bytes: Uint8Array, at: number): ParquetPage {
  const { fields, end: start } = readFields(bytes, at);
  const [type, unpacked, packed] = [size(fields, 1), size(fields, 2), size(fields, 3)];
  const end = start + packed;
  if (type === dictionaryPage) {
    size(fields.get(7), 1);
    return { isDictionary: true, needsDictionary: false, at, end, values: 0 };
  }
  const about = fields.get(type === dataPage ? 5 : 8);
  if (type !== dataPage && type !== dataPageV2) throw new Malformed(`has a page of kind ${type}`);
  const values = size(about, 1);
  if (type === dataPageV2) {
    const levels = size(about, 5) + size(about, 6);
    if (levels > Math.min(packed, unpacked) || size(about, 2) > values || size(about, 3) !== values)
      throw new Malformed('has the header of a page that says what cannot be');
  }
  const needsDictionary = dictionaryEncodings.includes(size(about, type === dataPage ? 2 : 4));
  return { isDictionary: false, needsDictionary, at, end, values };
}

/**
 * Reads the header of a page.
 * @param bytes {@link pageHeadBytes} from its beginning at `at`, or up to the end of what there is
 * @throws DdrError InputForeign
 */
export function parsePageHeader(bytes: Uint8Array, at: number, where: string): ParquetPage {
  try {
    return pageOf(bytes, at);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new DdrError('InputForeign', `is damaged: it ${cause.message}`, { where, hint: 'Copy it again.', cause });
  }
}

/**
 * The pages that follow one another in some bytes, which hold nothing else.
 * @throws DdrError InputForeign
 */
export function pagesIn(bytes: Uint8Array, where: string): ParquetPage[] {
  const pages: ParquetPage[] = [];
  for (let at = 0; at < bytes.length; at = (pages.at(-1) as ParquetPage).end) {
    const page = parsePageHeader(bytes, at, where);
    if (page.end > bytes.length)
      throw new DdrError('InputForeign', 'is damaged: a page ends after its column', { where, hint: 'Copy it again.' });
    pages.push(page);
  }
  return pages;
}
