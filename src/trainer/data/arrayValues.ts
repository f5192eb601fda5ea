import { DdrError } from '../../api/errors.ts';
import type { ElementType, Numbers } from '../formats/elements.ts';

/** What the values of an array are, so that they can be made bytes. */
export interface ValueRange {
  min: number;
  max: number;
  /** Whether all are whole numbers. */
  whole: boolean;
  /** Whether all are numbers at all. */
  finite: boolean;
}

export const noRange: ValueRange = {
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  whole: true,
  finite: true,
};

/** The range over some more values. */
export function widened({ min, max, whole, finite }: ValueRange, values: Numbers): ValueRange {
  for (const number of values) {
    const value = Number(number);
    if (value < min) min = value;
    if (value > max) max = value;
    whole &&= Number.isInteger(value);
    finite &&= Number.isFinite(value);
  }
  return { min, max, whole, finite };
}

/** How values become bytes: byte = round(value × factor + offset). */
export interface Scale {
  factor: number;
  offset: number;
  /** What people are told of it; nothing where the values are bytes. */
  said: string | undefined;
}

const asBytes: Scale = { factor: 1, offset: 0, said: undefined };

/** How far rounding may take a float beyond its range: that of 16 bits, after a mean was subtracted and the like. */
const tolerance = 1e-3;

const isFloat = (type: ElementType) => type.startsWith('float') || type === 'bfloat16';

/** @throws DdrError InputForeign where values cannot be told to be of one range */
export function scaleOf(type: ElementType, range: ValueRange, where: string): Scale {
  const { min, max, whole, finite } = range;
  const within = (low: number, high: number) => min >= low - tolerance && max <= high + tolerance;
  const found = `${type} from ${Number(min.toPrecision(4))} to ${Number(max.toPrecision(4))}`;
  if (type === 'uint8') return asBytes;
  if (type === 'bool') return { factor: 255, offset: 0, said: 'values are bool: false is black and true is white' };
  if (!finite) throw new DdrError('InputForeign', `has values of ${type} that are not finite numbers`, { where });
  if (!isFloat(type)) {
    if (min >= 0 && max <= 255) return { ...asBytes, said: `values are ${found} and are read as bytes` };
  } else if (within(0, 1)) {
    return { factor: 255, offset: 0, said: `values are ${found}: 0 is black and 1 is white` };
  } else if (within(-1, 1)) {
    return { factor: 127.5, offset: 127.5, said: `values are ${found}: −1 is black and 1 is white` };
  } else if (whole && min >= 0 && max <= 255) {
    return { ...asBytes, said: `values are ${found} and whole, and are read as bytes` };
  }
  throw new DdrError('InputForeign', `has values of ${found}, which are not bytes of images`, {
    where,
    hint: 'Save bytes of 0 to 255 (array.astype("uint8")), or floats within [0, 1] or [−1, 1].',
  });
}

/** Values as bytes. */
export function bytesOf(values: Numbers, { factor, offset }: Scale): Uint8Array {
  if (values instanceof Uint8Array && factor === 1) return values;
  const bytes = new Uint8ClampedArray(values.length); // rounds and clamps
  for (let i = 0; i < values.length; i++) bytes[i] = Number(values[i]) * factor + offset;
  return new Uint8Array(bytes.buffer);
}
