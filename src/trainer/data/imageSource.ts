import type { ImageShape, NetworkShape } from '../../api/spec/dataset.ts';

/** What is known of an image besides its pixels. */
export interface ImageCondition {
  /** Its class. */
  label?: number;
  /** tokens × width numbers. */
  context?: Float32Array;
}

/** Images of one shape, a byte a value, wherever they lie. Reading does not need memory for all of them. */
export interface ImageSource {
  count: number;
  shape: ImageShape;
  /** sha256 of shape, pixels and conditions: what is really learned from. */
  digest: string;
  /** Pixels of images first … first + size − 1: size × height × width × channels bytes. */
  batch(first: number, size: number): Promise<Uint8Array>;
  /** The condition of an image, where the data have some. */
  condition?: (index: number) => Promise<ImageCondition>;
}

/** Bytes of an image, or values of what a network sees. */
export const bytesPerImage = ({ size, channels }: NetworkShape): number => size * size * channels;
