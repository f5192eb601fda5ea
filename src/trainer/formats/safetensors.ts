import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { copyBytes } from './npy.ts';

/** A tensor of 32-bit floats. */
export interface FloatTensor {
  shape: number[];
  values: Float32Array;
}

export interface Safetensors {
  tensors: Map<string, FloatTensor>;
  metadata: Record<string, string>;
}

const maximumHeader = 100_000_000; // as the reference implementation

const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().min(0)),
    data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
  }),
);

/** Bytes of a safetensors file with 32-bit floats. Tensors are in the map's order: equal tensors give equal bytes. */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  let offset = 0;
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. Only 32-bit floats; tensors of other types are left out.
 * @throws DdrError InputForeign, InputTruncated
 */
export function readSafetensors(bytes: Uint8Array, where: string): Safetensors {
  if (bytes.length < 8) throw new DdrError('InputTruncated', 'is too short for a safetensors file', { where });
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (length > maximumHeader)
    throw new DdrError('InputForeign', 'is not a safetensors file: its header would be too long', { where });
  const start = 8 + length;
  if (start > bytes.length) throw new DdrError('InputTruncated', 'ends within its header', { where });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw new DdrError('InputForeign', 'is not a safetensors file: its header is not JSON', { where, cause });
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success)
    throw new DdrError('InputForeign', 'has a header that is not that of a safetensors file', { where });
  const { __metadata__: metadata = {}, ...entries } = parsed.data;
  const tensors = new Map<string, FloatTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    if (dtype !== 'F32') continue;
    const [from, to] = data_offsets;
    const size = shape.reduce((product, part) => product * part, 1) * 4;
    if (to - from !== size)
      throw new DdrError('InputForeign', `${name} has ${to - from} bytes for a shape of ${size}`, { where });
    if (start + to > bytes.length) throw new DdrError('InputTruncated', `ends within ${name}`, { where });
    tensors.set(name, { shape, values: new Float32Array(copyBytes(bytes, start + from, start + to)) });
  }
  return { tensors, metadata };
}
