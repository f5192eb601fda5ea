/**
 * Counter-based random numbers: every draw is a function of (seed, stream, counter) and nothing else, so that resuming,
 * batching and sharding cannot change it. Philox 4×32-10 (Salmon et al. 2011), as NumPy, cuRAND and TensorFlow have it.
 */
const rounds = 10;
const multipliers = [0xd2511f53, 0xcd9e8d57] as const;
const weyl = [0x9e3779b9, 0xbb67ae85] as const;

/** High 32 bits of a 32×32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** One block: four 32-bit words from a 128-bit counter and a 64-bit key. Writes into `out`. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const [high0, low0] = [multiplyHigh(multipliers[0], c0), Math.imul(multipliers[0], c0) >>> 0];
    const [high1, low1] = [multiplyHigh(multipliers[1], c2), Math.imul(multipliers[1], c2) >>> 0];
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + weyl[0]) >>> 0;
    k1 = (k1 + weyl[1]) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** What a stream of numbers is for: streams of one seed never meet. */
export const streams = {
  order: 1,
  noise: 2,
  states: 3,
  weights: 4,
  start: 5,
  step: 6,
  conditions: 7,
  flips: 8,
  labels: 9,
  latents: 10,
} as const;
export type Stream = (typeof streams)[keyof typeof streams];

/** 32 random bits for (seed, stream, index, position). Seeds and positions are whole numbers below 2^31. */
export function randomWord(seed: number, stream: Stream, index: number, position: number): number {
  const out = new Uint32Array(4);
  philox([position >>> 2, stream, index >>> 0, Math.floor(index / 2 ** 32)], [seed >>> 0, 0], out);
  return out[position & 3] as number;
}

/** The seed pair that TensorFlow's stateless random ops take, for (seed, stream, index). */
export function seedPair(seed: number, stream: Stream, index: number): [number, number] {
  return [randomWord(seed, stream, index, 0) | 0, randomWord(seed, stream, index, 1) | 0];
}

/** `count` standard normal numbers (Box–Muller) for (seed, stream, index); number i does not depend on `count`. */
export function normals(seed: number, stream: Stream, index: number, count: number): Float64Array {
  const result = new Float64Array(count);
  const words = new Uint32Array(4);
  const toUnit = (word: number) => (word + 0.5) / 2 ** 32; // within (0, 1), so that the logarithm is finite
  for (let i = 0; i < count; i += 4) {
    philox([i >>> 2, stream, index >>> 0, Math.floor(index / 2 ** 32)], [seed >>> 0, 0], words);
    for (const pair of [0, 2]) {
      const radius = Math.sqrt(-2 * Math.log(toUnit(words[pair] as number)));
      const angle = 2 * Math.PI * toUnit(words[pair + 1] as number);
      if (i + pair < count) result[i + pair] = radius * Math.cos(angle);
      if (i + pair + 1 < count) result[i + pair + 1] = radius * Math.sin(angle);
    }
  }
  return result;
}

/** Whether something of that probability comes true for (seed, stream, index). */
export const randomChance = (probability: number, seed: number, stream: Stream, index: number): boolean =>
  randomWord(seed, stream, index, 0) / 2 ** 32 < probability;

/** A whole number in [0, bound) for (seed, stream, index, position). The bias is below bound / 2^32. */
export function randomBelow(bound: number, seed: number, stream: Stream, index: number, position: number): number {
  return Math.floor((randomWord(seed, stream, index, position) / 2 ** 32) * bound);
}
