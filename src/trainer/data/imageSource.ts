import type { ImageShape, NetworkShape } from '../../api/spec/dataset.ts';

/** Images of one shape, a byte a value, wherever they lie. Reading does not need memory for all of them. */
export interface ImageSource {
  count: number;
  shape: ImageShape;
  /** sha256 of shape and pixels: what is really learned from. */
  digest: string;
  /** Pixels of images first … first + size − 1: size × height × width × channels bytes. */
  batch(first: number, size: number): Promise<Uint8Array>;
}

/** Bytes of an image, or values of what a network sees. */
export const bytesPerImage = ({ size, channels }: NetworkShape): number => size * size * channels;
