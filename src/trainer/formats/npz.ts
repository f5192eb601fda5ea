import { DdrError } from '../../api/errors.ts';
import { type NpyArray, readNpy, writeNpy } from './npy.ts';
import { readZip, writeZip } from './zip.ts';

/** Bytes of an .npz archive, as numpy.savez writes it. */
export const writeNpz = (arrays: Record<string, NpyArray>): Uint8Array =>
  writeZip(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])));

/**
 * Reads the arrays of an .npz archive, as numpy.savez or savez_compressed writes it.
 * @param onForeign told of an array of another type, which is then left out; it may be of no concern, as labels are
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe
 */
export function readNpz(
  bytes: Uint8Array,
  where: string,
  onForeign: (error: DdrError) => void = (error) => {
    throw error;
  },
): Record<string, NpyArray> {
  const arrays: Record<string, NpyArray> = {};
  for (const { name, bytes: content } of readZip(bytes, where, (name) => name.endsWith('.npy'))) {
    try {
      arrays[name.slice(0, -'.npy'.length)] = readNpy(content, `${where}:${name}`);
    } catch (error) {
      if (!(error instanceof DdrError) || error.code !== 'InputForeign') throw error;
      onForeign(error);
    }
  }
  return arrays;
}

/** An array of float64 of the archive, whatever float type it was saved with. */
export function floatsOf(
  arrays: Record<string, NpyArray>,
  name: string,
  dimensions: number,
  where: string,
): NpyArray<Float64Array> {
  const array = arrays[name];
  if (array === undefined) {
    throw new DdrError('InputForeign', `has no array ${name}, only ${Object.keys(arrays).join(', ') || 'none'}`, {
      where,
    });
  }
  const { shape, data } = array;
  if (shape.length !== dimensions) {
    throw new DdrError('InputMismatch', `${name} has ${shape.length} dimensions, not ${dimensions}`, { where });
  }
  if (data instanceof Float64Array) return { shape, data };
  if (data instanceof Float32Array) return { shape, data: Float64Array.from(data) };
  throw new DdrError('InputForeign', `${name} is not an array of floats`, { where });
}
