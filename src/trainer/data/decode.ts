import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import sharp from 'sharp';
import { DdrError } from '../../api/errors.ts';
import type { ImageSpec } from '../../api/spec/dataset.ts';
import { foreignContent } from '../formats/content.ts';
import { resized } from './conform.ts';
import { Gate } from './gate.ts';
import { formatOf, type ImageFormat, isCutOff, isGzip } from './imageFormat.ts';

/** Largest image that is decoded, and largest file that a gzipped one unpacks to, against decompression bombs. */
const maximumPixels = 64_000_000;
const maximumBytes = 2 ** 29;

/**
 * libvips keeps the complaints of all its threads in one place, where a decoder that ends well clears away those of others:
 * only alone does one surely say what it complains of.
 */
const decoders = new Gate();

export interface DecodedImage {
  /** size × size × channels bytes. */
  pixels: Uint8Array;
  /** Whether it was square before. */
  square: boolean;
  /** Whether it has more frames or pages than the one that is read. */
  several: boolean;
  /** What the decoder complained about, though all of the image is there. */
  warning: string | undefined;
}

/**
 * Decodes an image, upright where it says how it was held, and brings it to the wanted size and channels. Of an animation
 * the first frame is read. Gzipped ones are unpacked.
 * @param where file, for the message
 * @throws DdrError InputTruncated, InputForeign, InputUnsafe
 */
export async function decodeImage(file: Uint8Array, spec: ImageSpec, where: string): Promise<DecodedImage> {
  if (file.length === 0) throw new DdrError('InputTruncated', 'is empty', { where });
  const bytes = isGzip(file) ? await unpack(file, where) : file;
  const format = formatOf(bytes);
  if (format === undefined)
    throw foreignContent(bytes, 'is no image: neither PNG, JPEG, GIF, WebP, TIFF nor AVIF', where);
  try {
    return { ...(await decoders.together(() => decodeWith('warning', bytes, spec, where))), warning: undefined };
  } catch (error) {
    if (error instanceof DdrError) throw error;
    return decoders.alone(() => judgeComplaint(bytes, format, spec, where));
  }
}

/** Tells what a decoder's complaint means: damage, or a warning that the image survives. */
async function judgeComplaint(
  bytes: Uint8Array,
  format: ImageFormat,
  spec: ImageSpec,
  where: string,
): Promise<DecodedImage> {
  try {
    return { ...(await decodeWith('warning', bytes, spec, where)), warning: undefined };
  } catch (first) {
    if (first instanceof DdrError) throw first;
    if (!isWarning(first)) throw damaged(first, format, bytes, where);
    try {
      return { ...(await decodeWith('error', bytes, spec, where)), warning: messageOf(first) };
    } catch (cause) {
      throw damaged(cause, format, bytes, where);
    }
  }
}

/**
 * @param failOn with 'warning' the decoder rejects at its first complaint. 'error' is the least with which it finds every
 * cut-off image: with 'truncated', half a JPEG within a TIFF counts as whole.
 */
async function decodeWith(failOn: 'warning' | 'error', bytes: Uint8Array, spec: ImageSpec, where: string) {
  const image = sharp(bytes, { failOn, limitInputPixels: maximumPixels });
  const { width, height, pages = 1, depth, channels } = await image.metadata();
  requireColours(depth, channels, where);
  return { pixels: await resized(image.autoOrient(), spec), square: width === height, several: pages > 1 };
}

/**
 * A TIFF may hold measurements instead of colours. What of them is black and what white it does not say, and the decoder
 * would cut them off at 0 and 255.
 */
function requireColours(depth: string, channels: number, where: string): void {
  const found = !['uchar', 'ushort'].includes(depth)
    ? `pixels of type ${depth}`
    : channels > 4 && `${channels} channels`;
  if (found === false) return;
  throw new DdrError('InputForeign', `has ${found}, which are no colours`, {
    where,
    hint: 'Save it as grey or RGB of 8 or 16 bits, with black at 0 and white at the largest value.',
  });
}

/** The decoder's own words, without sharp's that they count as an error. */
function messageOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim());
  return lines.find((line) => line !== '' && !line.startsWith('Warning treated as error'))?.replace(/:$/, '') ?? '';
}

/** Complaints after which pixels are made up. */
const lossy = /premature end|huffman|arithmetic code|instead of RST/i;

/** Whether a complaint may be one that the image survives, such as bytes too many between its parts. */
const isWarning = (error: unknown): boolean => !lossy.test(error instanceof Error ? error.message : '');

function damaged(cause: unknown, format: ImageFormat, bytes: Uint8Array, where: string): DdrError {
  const whole = cause instanceof Error ? cause.message : String(cause);
  if (/pixel limit/i.test(whole))
    return new DdrError('InputUnsafe', `has more than ${maximumPixels} pixels`, { where, cause });
  if (isCutOff(bytes) || /premature|unexpected end/i.test(whole))
    return new DdrError('InputTruncated', `is cut off: it ends within its ${format} data`, { where, cause });
  return new DdrError('InputForeign', `cannot be decoded as ${format}: ${messageOf(cause)}`, { where, cause });
}

async function unpack(file: Uint8Array, where: string): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(file, { maxOutputLength: maximumBytes });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DdrError('InputUnsafe', `unpacks to more than ${maximumBytes} bytes`, { where, cause });
    throw new DdrError(
      code === 'Z_BUF_ERROR' ? 'InputTruncated' : 'InputForeign',
      'is gzipped and cannot be unpacked',
      {
        where,
        hint: 'Unpack it with gunzip.',
        cause,
      },
    );
  }
}
