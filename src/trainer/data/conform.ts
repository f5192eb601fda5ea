import sharp, { type Sharp } from 'sharp';
import type { ImageSpec } from '../../api/spec/dataset.ts';

// No image is decoded twice in a row: what the library would keep of them costs a quarter of the time, and memory.
sharp.cache(false);

/** One image as it was found, a byte a value. */
export interface RawImage {
  width: number;
  height: number;
  channels: 1 | 3 | 4;
  pixels: Uint8Array;
}

/** sharp's words for how an image that is not square becomes so. */
const fits = { CenterCrop: 'cover', Stretch: 'fill', Pad: 'contain' } as const;
const black = { r: 0, g: 0, b: 0, alpha: 1 };

/** Brings an image to the wanted size and channels: size × size × channels bytes, the same ones each time. */
export async function conform(image: RawImage, spec: ImageSpec): Promise<Uint8Array> {
  const { width, height, channels, pixels } = image;
  if (width === spec.size && height === spec.size && channels === spec.channels) return pixels;
  return resized(sharp(pixels, { raw: { width, height, channels } }), spec);
}

/** The same for an image that is still to be decoded. */
export async function resized(image: Sharp, { size, channels, fit }: ImageSpec): Promise<Uint8Array> {
  const opaque = image
    .resize(size, size, { fit: fits[fit], position: 'centre', background: black, kernel: 'lanczos3' })
    .flatten({ background: black });
  const coloured = channels === 1 ? opaque.toColourspace('b-w') : opaque.toColourspace('srgb');
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true });
  return info.channels === channels ? data : repeated(data, info.channels, channels);
}

/** A grey file asked for as colour: repeats its value. */
function repeated(data: Uint8Array, from: number, to: number): Uint8Array {
  const pixels = new Uint8Array((data.length / from) * to);
  for (let i = 0; i < pixels.length; i++) pixels[i] = data[Math.floor(i / to) * from] as number;
  return pixels;
}
