import { DdrError } from '../../api/errors.ts';

/** How an array holds images. */
export interface ArrayLayout {
  count: number;
  height: number;
  width: number;
  channels: 1 | 3 | 4;
  /** Where the channels are: [N,H,W] and [N,H,W,C] are the same in memory. */
  order: 'HWC' | 'CHW';
}

const isChannels = (size: number | undefined): size is 1 | 3 | 4 => size === 1 || size === 3 || size === 4;

/**
 * How an array of that shape holds images: [N,H,W], [N,H,W,C], or [N,C,H,W] where its last size can be no number of
 * channels. Undefined where it holds none.
 */
export function layoutOf(shape: readonly number[]): ArrayLayout | undefined {
  const [count = 0, a = 0, b = 0, c = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || shape.slice(1).includes(0)) return undefined;
  if (isChannels(c)) return { count, height: a, width: b, channels: c, order: 'HWC' };
  return a === 1 || a === 3 ? { count, height: b, width: c, channels: a, order: 'CHW' } : undefined;
}

/** @throws DdrError InputForeign */
export function requireLayout(shape: readonly number[], where: string): ArrayLayout {
  const layout = layoutOf(shape);
  if (layout !== undefined) return layout;
  throw new DdrError(
    'InputForeign',
    `has shape [${shape.join(', ')}], not that of images [N,H,W], [N,H,W,C] or [N,C,H,W] with C of 1, 3 or 4`,
    { where, hint: 'Reshape it, such as numpy.save(path, array.reshape(-1, 28, 28)).' },
  );
}

/** Pixels of one image with their channels side by side. */
export function channelsLast(pixels: Uint8Array, { channels, order }: ArrayLayout): Uint8Array {
  if (order === 'HWC' || channels === 1) return pixels;
  const plane = pixels.length / channels;
  const result = new Uint8Array(pixels.length);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++) result[i * channels + c] = pixels[c * plane + i] as number;
  return result;
}
