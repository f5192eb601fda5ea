import type { ImageShape } from '../../api/spec/dataset.ts';
import { bytesPerImage } from '../data/imageSource.ts';

/**
 * Some of several images, mirrored left and right.
 * @param pixels [n, size, size, channels]
 * @param isMirrored whether image i is
 */
export function mirror(
  pixels: Uint8Array,
  { size, channels }: ImageShape,
  isMirrored: (i: number) => boolean,
): Uint8Array {
  const result = pixels.slice();
  const [image, row] = [bytesPerImage({ size, channels }), size * channels];
  for (let i = 0; i < pixels.length / image; i++) {
    if (!isMirrored(i)) continue;
    for (let start = i * image; start < (i + 1) * image; start += row)
      for (let x = 0; x < row; x += channels)
        result.set(pixels.subarray(start + x, start + x + channels), start + row - channels - x);
  }
  return result;
}
