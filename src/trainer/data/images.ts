import sharp, { type Sharp } from 'sharp';
import type { ImageShape } from '../../api/spec/dataset.ts';

/** Images in memory, one byte per value: count × size × size × channels. */
export interface ImageSet {
  count: number;
  shape: ImageShape;
  pixels: Uint8Array;
}

/** One image as it was found. */
export interface RawImage {
  width: number;
  height: number;
  channels: number;
  pixels: Uint8Array;
}

export const bytesPerImage = ({ size, channels }: ImageShape): number => size * size * channels;

/** Brings an image to the wanted size and channels. The same input always gives the same bytes. */
export async function conform(image: RawImage, { size, channels }: ImageShape): Promise<Uint8Array> {
  if (image.width === size && image.height === size && image.channels === channels) return image.pixels;
  const raw = { width: image.width, height: image.height, channels: image.channels as 1 | 2 | 3 | 4 };
  const resized = sharp(image.pixels, { raw }).resize(size, size, { fit: 'fill', kernel: 'lanczos3' });
  return toChannels(resized, channels);
}

/** Decodes and conforms a PNG or JPEG. Rejects with sharp's error where it is none. */
export function decode(bytes: Uint8Array, { size, channels }: ImageShape, maximumPixels: number): Promise<Uint8Array> {
  const image = sharp(bytes, { failOn: 'truncated', limitInputPixels: maximumPixels }).resize(size, size, {
    fit: 'fill',
    kernel: 'lanczos3',
  });
  return toChannels(image, channels);
}

async function toChannels(image: Sharp, channels: 1 | 3): Promise<Uint8Array> {
  const opaque = image.flatten({ background: '#000' });
  const coloured = channels === 1 ? opaque.toColourspace('b-w') : opaque.toColourspace('srgb');
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true });
  if (info.channels === channels) return data;
  // A grey file asked for as colour: repeat its value.
  return Uint8Array.from(
    { length: info.width * info.height * channels },
    (_, i) => data[Math.floor(i / channels) * info.channels] as number,
  );
}

/** A byte as a model sees it: 0 … 255 to −1 … 1. */
export const toUnit = (byte: number): number => byte / 127.5 - 1;

/** A model's value as a byte. */
export const toByte = (value: number): number => Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
