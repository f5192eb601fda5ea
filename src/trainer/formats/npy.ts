import { DdrError } from '../../api/errors.ts';
import { foreignContent } from './content.ts';
import { bytesPerElement, elementCount, type Numbers, numbersOf, toRowMajor } from './elements.ts';
import { type NpyType, typeOfDescr } from './npyDescr.ts';
import { type PythonLiteral, parsePythonLiteral } from './pythonLiteral.ts';

export type NpyData = Numbers;

export interface NpyArray<D extends NpyData = NpyData> {
  shape: number[];
  data: D;
}

/** What an .npy file holds, and where. */
export interface NpyHeader {
  type: NpyType;
  bigEndian: boolean;
  /** Whether the first axis runs fastest instead of the last. */
  fortran: boolean;
  shape: number[];
  /** Where the first element begins. */
  dataOffset: number;
  /** Bytes of all elements. */
  dataBytes: number;
}

/** The types that we write, by NumPy's descriptor. */
const written = {
  '|u1': Uint8Array,
  '|i1': Int8Array,
  '<u2': Uint16Array,
  '<i2': Int16Array,
  '<u4': Uint32Array,
  '<i4': Int32Array,
  '<u8': BigUint64Array,
  '<i8': BigInt64Array,
  '<f2': Uint16Array, // the 16 bits of halves
  '<f4': Float32Array,
  '<f8': Float64Array,
} as const;

export type NpyDescr = keyof typeof written;

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59); // \x93NUMPY

const descrOf = (data: NpyData): NpyDescr =>
  (Object.keys(written) as NpyDescr[]).find((type) => data instanceof written[type]) as NpyDescr;

/** The header of an array in NumPy's format 1.0 (C order); its elements follow, little-endian. */
export function npyHeader({ shape, descr }: { shape: readonly number[]; descr: NpyDescr | '<f2' }): Uint8Array {
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shapeText}, }`;
  const bytes = new Uint8Array(Math.ceil((10 + fields.length + 1) / 64) * 64);
  bytes.set(magic);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, bytes.length - 10, true);
  bytes.set(new TextEncoder().encode(`${fields.padEnd(bytes.length - 11)}\n`), 10);
  return bytes;
}

/** Bytes of an array in NumPy's format 1.0 (little-endian, C order). */
export function writeNpy({ shape, data }: NpyArray): Uint8Array {
  const header = npyHeader({ shape, descr: descrOf(data) });
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/** As many bytes from the beginning of a file as any header may need. */
export const npyHeadBytes = 12 + 65_535;

/** NumPy refuses longer headers and more dimensions, too. */
const [longestHeader, mostDimensions] = [10_000, 64];

function decode(bytes: Uint8Array, encoding: 'latin1' | 'utf8'): string {
  if (encoding === 'utf8') return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'); // TextDecoder's latin1 is Windows-1252
}

/** The header's text, without what frames it. */
function headerText(bytes: Uint8Array, where: string): { text: string; version: number; dataOffset: number } {
  if (magic.subarray(0, bytes.length).some((byte, i) => bytes[i] !== byte))
    throw foreignContent(bytes, 'is not a NumPy array: it does not begin with \\x93NUMPY', where);
  if (bytes.length < 12) throw new DdrError('InputTruncated', 'ends within its header', { where });
  const [version = 0, minor] = bytes.subarray(6, 8);
  if (version < 1 || version > 3 || minor !== 0)
    throw new DdrError('InputForeign', `is of NumPy's format ${version}.${minor}, not 1.0, 2.0 or 3.0`, { where });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const tooLong = () =>
    new DdrError('InputForeign', `has a header of ${length} bytes, more than an array of numbers needs`, { where });
  if (length > npyHeadBytes - 12) throw tooLong();
  const dataOffset = start + length;
  if (dataOffset > bytes.length) throw new DdrError('InputTruncated', 'ends within its header', { where });
  let text: string;
  try {
    text = decode(bytes.subarray(start, dataOffset), version === 3 ? 'utf8' : 'latin1');
  } catch (cause) {
    throw new DdrError('InputForeign', 'has a header that is not UTF-8', { where, cause });
  }
  if (text.length > longestHeader) throw tooLong();
  return { text, version, dataOffset };
}

/** A header's tuple of sizes; undefined where it is none. */
function shapeOf(value: PythonLiteral | undefined): number[] | undefined {
  if (value === null || typeof value !== 'object' || !('items' in value)) return undefined;
  const { sequence, items } = value;
  const sizes = items.filter((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0) as number[];
  return sequence === 'tuple' && sizes.length === items.length && sizes.length <= mostDimensions ? sizes : undefined;
}

/**
 * Reads the header of an array, in any spelling that numpy.load takes: so that the elements can be read by position.
 * @param bytes the file, or its first {@link npyHeadBytes}
 * @param where file, for the message
 * @throws DdrError InputForeign, also where the elements are not plain numbers; InputTruncated
 */
export function parseNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const { text, version, dataOffset } = headerText(bytes, where);
  const foreign = (what: string, cause?: unknown) =>
    new DdrError('InputForeign', `has a header that NumPy would not read: ${what}`, { where, cause });
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(text, version <= 2);
  } catch (cause) {
    throw foreign(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (header === null || typeof header !== 'object' || !('entries' in header)) throw foreign('it is not a dict');
  const { entries } = header;
  const [descr, fortran] = [entries.get('descr'), entries.get('fortran_order')];
  if (entries.size !== 3 || descr === undefined || fortran === undefined || !entries.has('shape'))
    throw foreign('its keys are not descr, fortran_order and shape');
  if (typeof fortran !== 'boolean') throw foreign('fortran_order is not True or False');
  const shape = shapeOf(entries.get('shape'));
  if (shape === undefined) throw foreign('shape is not a tuple of sizes');
  const { type, bigEndian } = typeOfDescr(descr, where);
  return { type, bigEndian, fortran, shape, dataOffset, dataBytes: elementCount(shape) * bytesPerElement(type) };
}

/** Elements of a file from their bytes, in the order in which they lie there; half floats as 32-bit floats. */
export const npyNumbers = ({ type, bigEndian }: NpyHeader, bytes: Uint8Array): NpyData =>
  numbersOf(type, bytes, bigEndian);

/**
 * Reads an array of plain numbers, whatever its byte order, in C order. Half floats become 32-bit floats, booleans 0 and
 * 1. Where nothing needs converting, the data are a view of `bytes`.
 * @param where file, for the message
 * @throws DdrError InputForeign, InputTruncated
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const header = parseNpyHeader(bytes, where);
  const { shape, fortran, dataOffset, dataBytes } = header;
  const end = dataOffset + dataBytes;
  if (!Number.isSafeInteger(end) || end > bytes.length) {
    throw new DdrError(
      'InputTruncated',
      `ends after ${bytes.length - dataOffset} bytes of data; its header promises ${dataBytes}`,
      { where },
    );
  }
  const numbers = npyNumbers(header, bytes.subarray(dataOffset, end));
  return { shape, data: fortran ? toRowMajor(numbers, shape) : numbers };
}
