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

const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const jpegSignature = Buffer.from([0xff, 0xd8, 0xff]);
const startsWith = (bytes: Uint8Array, signature: Buffer) => signature.equals(bytes.subarray(0, signature.length));

/** Whatever a file is called; the decoder would take other formats too, among them SVG. */
export const isPngOrJpeg = (bytes: Uint8Array): boolean =>
  startsWith(bytes, pngSignature) || startsWith(bytes, jpegSignature);

/** Whether a PNG ends before its last chunk does, for which its decoder has no message of its own. */
export function isCutPng(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, pngSignature)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = pngSignature.length; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1') === 'IEND') return false;
  }
  return true;
}

/**
 * Decodes and conforms a PNG or JPEG, upright where it says how it was held. Rejects with the decoder's error where it has
 * anything to complain about: what it makes of damaged data is no image.
 */
export function decode(bytes: Uint8Array, { size, channels }: ImageShape, maximumPixels: number): Promise<Uint8Array> {
  const image = sharp(bytes, { failOn: 'warning', limitInputPixels: maximumPixels })
    .autoOrient()
    .resize(size, size, { fit: 'fill', kernel: 'lanczos3' });
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

/** Values as bytes. A loop, because Uint8Array.from() first makes a list of all values, and fails where they are 10⁸. */
export function toBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) bytes[i] = toByte(values[i] as number);
  return bytes;
}
