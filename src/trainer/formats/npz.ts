import { DdrError } from '../../api/errors.ts';
import { toFloat64 } from './elements.ts';
import { type NpyArray, type NpyHeader, npyHeadBytes, parseNpyHeader, readNpy, writeNpy } from './npy.ts';
import { checkSizes, defaultZipLimits, writeZip, type ZipEntry, zipContent, zipHead } from './zip.ts';
import { zipDirectory } from './zipDirectory.ts';

/** Bytes of an .npz archive, as numpy.savez writes it. */
export const writeNpz = (arrays: Record<string, NpyArray>): Uint8Array =>
  writeZip(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])));

const suffix = /\.npy$/;

/** The archive's arrays by name; of two with one name NumPy takes the last, too. */
const arrayEntries = (bytes: Uint8Array, where: string): Map<string, ZipEntry> =>
  new Map(
    zipDirectory(bytes, where, defaultZipLimits.entries)
      .filter(({ name }) => suffix.test(name))
      .map((entry) => [entry.name.replace(suffix, ''), entry]),
  );

/** An array of an archive: what its header says, or why it cannot be read. */
export type NpzEntry = { name: string; header: NpyHeader } | { name: string; error: DdrError };

/**
 * Names, shapes and types of an archive's arrays; of each only the head is inflated.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe where the archive itself cannot be read
 */
export function npzEntries(bytes: Uint8Array, where: string): NpzEntry[] {
  return [...arrayEntries(bytes, where)].map(([name, entry]) => {
    try {
      return { name, header: parseNpyHeader(zipHead(bytes, entry, where, npyHeadBytes), `${where}:${entry.name}`) };
    } catch (error) {
      if (error instanceof DdrError) return { name, error };
      throw error;
    }
  });
}

/**
 * The bytes of one array of an archive, which are those of an .npy file.
 * @throws DdrError InputForeign where it is not there; InputTruncated, InputUnsafe
 */
export function npzContent(bytes: Uint8Array, where: string, name: string): Uint8Array {
  const there = arrayEntries(bytes, where);
  const entry = there.get(name);
  if (entry === undefined) throw noArray(name, [...there.keys()], where);
  checkSizes([entry], where, defaultZipLimits);
  return zipContent(bytes, entry, where);
}

/**
 * Reads arrays of an .npz archive, as numpy.savez or savez_compressed writes it.
 * @param wanted names of the arrays to read; whatever else the archive holds does not matter. All where left out
 * @throws DdrError InputForeign, also where a wanted array is not there; InputTruncated, InputUnsafe
 */
export function readNpz(bytes: Uint8Array, where: string, wanted?: readonly string[]): Record<string, NpyArray> {
  const there = arrayEntries(bytes, where);
  const arrays = (wanted ?? [...there.keys()]).map((name): [string, ZipEntry] => {
    const entry = there.get(name);
    if (entry === undefined) throw noArray(name, [...there.keys()], where);
    return [name, entry];
  });
  checkSizes(
    arrays.map(([, entry]) => entry),
    where,
    defaultZipLimits,
  );
  const read = (entry: ZipEntry) => readNpy(zipContent(bytes, entry, where), `${where}:${entry.name}`);
  return Object.fromEntries(arrays.map(([name, entry]) => [name, read(entry)]));
}

/** Names that a message has room for. */
const namedArrays = 10;

function noArray(name: string, there: string[], where: string): DdrError {
  const others = there.length > namedArrays ? ` and ${there.length - namedArrays} others` : '';
  const named = there
    .slice(0, namedArrays)
    .map((one) => (one.length > 80 ? `${one.slice(0, 79)}…` : one).toWellFormed());
  return new DdrError('InputForeign', `has no array ${name}, only ${named.join(', ') || 'none'}${others}`, {
    where,
    hint: `numpy.savez(path, ${name}=array) saves one under that name.`,
  });
}

/**
 * An array of float64 of the archive, whatever type of numbers it was saved with.
 * @throws DdrError InputForeign where it is not there, InputMismatch where it has another number of dimensions
 */
export function floatsOf(
  arrays: Record<string, NpyArray>,
  name: string,
  dimensions: number,
  where: string,
): NpyArray<Float64Array> {
  const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
  if (array === undefined) throw noArray(name, Object.keys(arrays), where);
  const { shape, data } = array;
  if (shape.length !== dimensions) {
    throw new DdrError('InputMismatch', `${name} has ${shape.length} dimensions, not ${dimensions}`, {
      where,
      ...(shape.length > dimensions && { hint: `Save numpy.squeeze(${name}).` }),
    });
  }
  return { shape, data: toFloat64(data) };
}
