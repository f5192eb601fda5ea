import { DdrError } from '../../api/errors.ts';
import { type ElementType, elementCount, numbersOf } from './elements.ts';
import { parseSafetensorsHeader } from './safetensorsHeader.ts';

/** A tensor of 32-bit floats. */
export interface FloatTensor {
  shape: number[];
  values: Float32Array;
}

export interface Safetensors {
  tensors: Map<string, FloatTensor>;
  metadata: Record<string, string>;
}

/** Bytes before the first tensor of a file of 32-bit floats. Equal tensors in an equal order give equal bytes. */
export function safetensorsHead(
  tensors: Iterable<{ name: string; shape: readonly number[] }>,
  metadata: Record<string, string> = {},
): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  for (const { name, shape } of tensors) {
    const bytes = elementCount(shape) * Float32Array.BYTES_PER_ELEMENT;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8);
  bytes.set(text, 8);
  return bytes;
}

/** The memory of some floats, as bytes. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Bytes of a safetensors file with 32-bit floats. Tensors are in the map's order: equal tensors give equal bytes. */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  const parts = [...tensors.values()].map(({ values }) => bytesOf(values));
  return new Uint8Array(Buffer.concat([safetensorsHead(entries, metadata), ...parts]));
}

/** Types that become 32-bit floats. Of 64-bit floats some digits are lost; TensorFlow would not keep them either. */
const floatTypes = new Map<string, ElementType>([
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F32', 'float32'],
  ['F64', 'float64'],
]);

/** Values of a tensor from its bytes, in memory of their own; undefined where its type is none of floats. */
export function floatsOf(dtype: string, bytes: Uint8Array): Float32Array | undefined {
  const type = floatTypes.get(dtype);
  if (type === undefined) return undefined;
  const numbers = numbersOf(type, bytes) as Float32Array | Float64Array;
  return type === 'float32' || type === 'float64' ? new Float32Array(numbers) : (numbers as Float32Array);
}

/**
 * Reads a safetensors file. Floats of 16, 32 and 64 bits become 32-bit floats.
 * @param wanted names of the tensors to read; where left out, all tensors of floats
 * @throws DdrError InputForeign, also where a wanted tensor is not there or not of floats; InputTruncated
 */
export function readSafetensors(bytes: Uint8Array, where: string, wanted?: readonly string[]): Safetensors {
  const header = parseSafetensorsHeader(bytes, where);
  const tensors = new Map<string, FloatTensor>();
  for (const name of wanted ?? header.tensors.keys()) {
    const tensor = header.tensors.get(name);
    if (tensor === undefined) throw new DdrError('InputForeign', `has no tensor ${name}`, { where });
    const { dtype, shape, from, to } = tensor;
    const values = floatsOf(dtype, bytes.subarray(from, to));
    if (values !== undefined) tensors.set(name, { shape, values });
    else if (wanted !== undefined) {
      throw new DdrError('InputForeign', `${name} is of type ${dtype}, not of floats of 16, 32 or 64 bits`, {
        where,
        hint: 'Save it as F32, such as tensor.float() in PyTorch.',
      });
    }
  }
  return { tensors, metadata: header.metadata };
}
