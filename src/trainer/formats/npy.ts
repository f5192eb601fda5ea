import { DdrError } from '../../api/errors.ts';

/** The element types that we read and write, by NumPy's descriptor. */
const types = {
  '|u1': Uint8Array,
  '<i4': Int32Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i8': BigInt64Array,
} as const;

export type NpyType = keyof typeof types;
export type NpyData = Uint8Array | Int32Array | Float32Array | Float64Array | BigInt64Array;

export interface NpyArray<D extends NpyData = NpyData> {
  shape: number[];
  data: D;
}

/** A copy of a range: a view would have to be aligned, and a Node Buffer's slice is a view. */
export const copyBytes = (bytes: Uint8Array, from: number, to: number): ArrayBuffer =>
  new Uint8Array(bytes.subarray(from, to)).buffer;

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59); // \x93NUMPY

const descriptorOf = (data: NpyData): NpyType =>
  (Object.keys(types) as NpyType[]).find((type) => data instanceof types[type]) as NpyType;

/** What comes before an array's values in NumPy's format 1.0 (little-endian, C order). */
export function npyHeader(type: NpyType, shape: readonly number[]): Uint8Array {
  const shapeText = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const fields = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shapeText}, }`;
  const length = Math.ceil((10 + fields.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set(magic);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${fields.padEnd(length - 11)}\n`), 10);
  return bytes;
}

/** Bytes of an array in NumPy's format 1.0 (little-endian, C order). */
export function writeNpy({ shape, data }: NpyArray): Uint8Array {
  const header = npyHeader(descriptorOf(data), shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

const header = /^\{'descr': '([^']+)', 'fortran_order': (False|True), 'shape': \(([0-9, ]*)\),? *\}\s*$/;

/**
 * Reads an array of NumPy's format 1 to 3. Only plain numbers: pickled objects cannot get in.
 * @param where file, for the message
 * @throws DdrError InputForeign, InputTruncated
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const foreign = (message: string) => new DdrError('InputForeign', message, { where });
  if (magic.subarray(0, bytes.length).some((byte, i) => bytes[i] !== byte))
    throw foreign('is not a NumPy array: it does not begin with \\x93NUMPY');
  if (bytes.length < 12) throw new DdrError('InputTruncated', 'ends within its header', { where });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw new DdrError('InputTruncated', 'ends within its header', { where });
  const match = header.exec(new TextDecoder('latin1').decode(bytes.subarray(start, end)));
  if (match === null) throw foreign('has a header that is not that of an array of numbers');
  const [, descriptor = '', order, shapeText = ''] = match;
  const type = types[descriptor as NpyType];
  if (type === undefined)
    throw foreign(`has elements of type ${descriptor}; expected one of ${Object.keys(types).join(', ')}`);
  if (order === 'True') throw foreign('is in Fortran order; save it with numpy.ascontiguousarray');
  const shape = shapeText
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const needed = count * type.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(needed) || end + needed > bytes.length) {
    throw new DdrError(
      'InputTruncated',
      `ends after ${bytes.length - end} bytes of data; its header promises ${needed}`,
      { where },
    );
  }
  return { shape, data: new type(copyBytes(bytes, end, end + needed)) };
}
