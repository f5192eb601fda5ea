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

/** Grey images are hardly ever as narrow as a number of channels. */
const isOneImage = ([, height, last, ...others]: readonly number[]) =>
  others.length === 0 && isChannels(last) && height !== last;

/**
 * How an array of that shape holds images: [N,H,W], [N,H,W,C], or [N,C,H,W] where its last size can be no number of
 * channels. Undefined where it holds none, and for what is rather one image [H,W,C].
 */
export function layoutOf(shape: readonly number[]): ArrayLayout | undefined {
  const [count = 0, a = 0, b = 0, c = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || shape.slice(1).includes(0)) return undefined;
  if (isOneImage(shape)) return undefined;
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
    { where, hint: remedyFor(shape) },
  );
}

/** What to do about a shape, by what it probably is. */
function remedyFor(shape: readonly number[]): string {
  const [, length = 0, channels] = shape;
  const side = (planes: number) => Math.sqrt(length / planes);
  if (shape.length < 2) return 'If these are labels, name the images instead.';
  if (shape.length === 3 && isOneImage(shape)) return 'If it is one image [H,W,C], save array[None].';
  if (shape.length === 4 && (channels === 1 || channels === 3))
    return 'If it is [H,W,C,N], save numpy.moveaxis(array, -1, 0).';
  if (shape.length !== 2) return 'Save it in one of these shapes.';
  if (Number.isInteger(side(3)))
    return `If these are rows of pixels, save array.reshape(-1, 3, ${side(3)}, ${side(3)}), or array.reshape(-1, ${side(3)}, ${side(3)}, 3) where the colours lie side by side.`;
  const size = Number.isInteger(side(1)) ? side(1) : 28;
  return `If these are rows of pixels, save array.reshape(-1, ${size}, ${size}).`;
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
