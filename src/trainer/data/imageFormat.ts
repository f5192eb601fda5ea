/** Formats that are decoded. The decoder would take others too, SVG among them, which are programs rather than pictures. */
export type ImageFormat = 'PNG' | 'JPEG' | 'GIF' | 'WebP' | 'TIFF' | 'AVIF';

/** Bytes of a file's beginning that tell its format. */
export const headBytes = 64;

const text = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');

const tiffBeginnings = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/** Brands of an ISO container: the major one, and the compatible ones of the first box. */
function brandsOf(bytes: Uint8Array): string[] {
  if (text(bytes, 4, 8) !== 'ftyp') return [];
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length);
  return Array.from({ length: Math.max(0, Math.floor((end - 8) / 4)) }, (_, i) => text(bytes, 8 + 4 * i, 12 + 4 * i));
}

/** Format of an image by its first bytes; undefined for whatever is not decoded. */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  if (text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'PNG';
  if (text(bytes, 0, 2) === '\xff\xd8') return 'JPEG'; // the next marker may follow after bytes too many
  if (['GIF87a', 'GIF89a'].includes(text(bytes, 0, 6))) return 'GIF';
  if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return 'WebP';
  if (tiffBeginnings.includes(text(bytes, 0, 4))) return 'TIFF';
  if (brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis')) return 'AVIF';
  return undefined;
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Whether a file is shorter than what its container says, for which its decoder has no message of its own. */
export function isCutOff(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (formatOf(bytes)) {
    case 'PNG':
      return !hasChunk(view, 'IEND');
    case 'WebP':
      return bytes.length < 12 || view.getUint32(4, true) + 8 > bytes.length;
    case 'TIFF':
      return bytes.length < 8 || directoryOf(view) + 2 > bytes.length;
    case 'AVIF':
      return lastBoxEnd(view) > bytes.length;
    default:
      return false;
  }
}

function hasChunk(view: DataView, name: string): boolean {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at))
    if (text(bytes, at + 4, at + 8) === name) return true;
  return false;
}

/** Where a TIFF's first directory begins; that of a BigTIFF is at 8 bytes, of which the lower four are enough. */
function directoryOf(view: DataView): number {
  const little = view.getUint8(0) === 0x49;
  if (view.getUint16(2, little) === 42) return view.getUint32(4, little);
  return view.byteLength < 16 ? Number.POSITIVE_INFINITY : Number(view.getBigUint64(8, little));
}

/** Where the last box that begins within an ISO container ends. A size of 0 means to the end, 1 that 64 bits follow. */
function lastBoxEnd(view: DataView): number {
  let at = 0;
  while (at + 16 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return view.byteLength;
    at += size === 1 ? Number(view.getBigUint64(at + 8)) : Math.max(8, size);
  }
  return at;
}
