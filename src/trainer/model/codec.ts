import type { ImageShape, NetworkShape } from '../../api/spec/dataset.ts';

/** Between what networks see and pictures. */
export interface Codec {
  /** Shape of what networks see, for pictures of a shape. */
  networkShape(pictures: ImageShape): NetworkShape;
  /**
   * The networks' values of some samples as pictures, a byte a value. Where a codec is a network itself, a sample depends in
   * its last digits on its place among `batchSize`.
   */
  decode(values: Float32Array): Uint8Array;
  /** Samples that are decoded at once; undefined where each value is decoded by itself. */
  batchSize: number | undefined;
  dispose(): void;
}

/** −1 … 1 as bytes 0 … 255. */
export function bytesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++)
    bytes[i] = Math.min(255, Math.max(0, Math.round(((values[i] as number) + 1) * 127.5)));
  return bytes;
}

/** Bytes 0 … 255 as −1 … 1. */
export function valuesOf(bytes: Uint8Array): Float32Array {
  // A loop, because from() first makes a list of all values, and fails where they are 10⁸.
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] as number) / 127.5 - 1;
  return values;
}

/** The networks see the pixels themselves. */
export const pixelCodec: Codec = {
  networkShape: (pictures) => pictures,
  decode: bytesOf,
  batchSize: undefined,
  dispose: () => {},
};
