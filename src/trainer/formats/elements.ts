/** Where elements lie in memory, by type. Halves are kept as their 16 bits until they are converted. */
const storage = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** A type of plain numbers, by the name that NumPy gives it. */
export type ElementType = keyof typeof storage;

export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export const bytesPerElement = (type: ElementType): number => storage[type].BYTES_PER_ELEMENT;

/** Elements of an array of that shape; not a safe integer where a file promises what cannot be. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The number that 16 bits of IEEE 754's binary16 stand for. */
function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 === 0 ? 1 : -1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** What each of the 65,536 halves stands for; made at the first need. */
let halfValues: Float32Array | undefined;

function fromHalves(halves: Uint16Array): Float32Array {
  halfValues ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfValue(bits));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = halfValues[halves[i] as number] as number;
  return values;
}

/** The 16 bits of numbers that halves hold exactly, such as those that were read from halves. */
export function toHalves(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const word = words[i] as number;
    const exponent = ((word >>> 23) & 255) - 127;
    const bits =
      exponent < -14 ? Math.abs(values[i] as number) * 2 ** 24 : ((exponent + 15) << 10) | ((word >>> 13) & 1023);
    halves[i] = ((word >>> 16) & 0x8000) | bits;
  }
  return halves;
}

/** A bfloat16 is the upper half of a float32. */
function fromBrainFloats(uppers: Uint16Array): Float32Array {
  const bits = new Uint32Array(uppers.length);
  for (let i = 0; i < uppers.length; i++) bits[i] = (uppers[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

/** A copy whose elements have their bytes the other way round. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(bytes); // Node's own swaps are native
  if (size === 2) copy.swap16();
  else if (size === 4) copy.swap32();
  else if (size === 8) copy.swap64();
  return copy;
}

/**
 * Numbers from their bytes: a view of them where they are aligned and need no conversion, else a copy. Both sorts of
 * 16-bit floats become 32-bit floats, which hold each of them exactly; booleans become 0 and 1.
 * @param bytes a whole number of elements
 */
export function numbersOf(type: ElementType, bytes: Uint8Array, bigEndian = false): Numbers {
  const size = bytesPerElement(type);
  let source = bigEndian ? swapped(bytes, size) : bytes;
  if (source.byteOffset % size !== 0) source = new Uint8Array(source);
  const raw = new storage[type](source.buffer as ArrayBuffer, source.byteOffset, source.length / size);
  switch (type) {
    case 'bool':
      return (raw as Uint8Array).map((value) => (value === 0 ? 0 : 1));
    case 'float16':
      return fromHalves(raw as Uint16Array);
    case 'bfloat16':
      return fromBrainFloats(raw as Uint16Array);
    default:
      return raw;
  }
}

/** Any numbers as 64-bit floats; integers beyond 2⁵³ are rounded. */
export function toFloat64(numbers: Numbers): Float64Array {
  if (numbers instanceof Float64Array) return numbers;
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) return Float64Array.from(numbers, Number);
  return new Float64Array(numbers);
}

/** Puts elements whose first axis runs fastest into the order where the last one does. */
function permute<E>(from: ArrayLike<E>, to: { [i: number]: E }, shape: readonly number[]): void {
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const [last, lastStride] = [shape.at(-1) as number, strides.at(-1) as number];
  const index = shape.map(() => 0);
  let start = 0; // of the row in `from`
  for (let at = 0; at < from.length; ) {
    for (let i = 0; i < last; i++) to[at++] = from[start + i * lastStride] as E;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const [size, stride] = [shape[axis] as number, strides[axis] as number];
      start += stride;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < size) break;
      start -= size * stride;
      index[axis] = 0;
    }
  }
}

/** Numbers in Fortran order (the first axis runs fastest) in C order (the last does). */
export function toRowMajor(numbers: Numbers, shape: readonly number[]): Numbers {
  if (shape.filter((size) => size !== 1).length < 2 || numbers.length === 0) return numbers;
  const result = numbers.slice();
  permute<number | bigint>(numbers, result, shape);
  return result;
}
