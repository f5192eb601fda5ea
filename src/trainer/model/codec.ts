import type { ImageShape } from '../../api/spec/dataset.ts';

/** Between values as they are stored and what a network sees, and back to pictures. */
export interface Codec {
  /** Shape of what the network sees, for stored images of a shape. */
  networkShape(stored: ImageShape): ImageShape;
  /** Stored bytes as the network's values. */
  encode(stored: Uint8Array): Float32Array;
  /** The network's values as bytes of pictures. */
  decode(values: Float32Array): Uint8Array;
}

/** 0 … 255 ↔ −1 … 1: the network sees the pixels themselves. */
export const pixelCodec: Codec = {
  networkShape: (stored) => stored,
  // Loops, because from() first makes a list of all values, and fails where they are 10⁸.
  encode(stored) {
    const values = new Float32Array(stored.length);
    for (let i = 0; i < stored.length; i++) values[i] = (stored[i] as number) / 127.5 - 1;
    return values;
  },
  decode(values) {
    const bytes = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++)
      bytes[i] = Math.min(255, Math.max(0, Math.round(((values[i] as number) + 1) * 127.5)));
    return bytes;
  },
};
