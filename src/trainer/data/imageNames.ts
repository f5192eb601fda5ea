import type { FileName } from './fileName.ts';

/**
 * Which names are images: one rule for folders and archives, so that both find the same ones in the same order.
 * Archives from Windows separate folders by \, and some tools unpack them so; both separators count.
 */

/**
 * Left by archivers, network storage and file systems beside what people put there: previews, waste, and copies of what was
 * once there. Hidden names such as ._a.png are others.
 */
const systemFolders = new Set(
  [
    ['__MACOSX'],
    ['@eaDir', '@tmp', '#recycle', '#snapshot', '@Recycle', '@Recently-Snapshot'], // Synology, QNAP
    ['lost+found'], // ext4, at the root of a volume, where only root may look into it
    ['$RECYCLE.BIN', 'RECYCLER', 'System Volume Information'], // Windows
  ]
    .flat()
    .map((name) => name.toLowerCase()),
);

/** Whether one part of a path is not the user's: hidden, or a system's folder. */
const isHiddenPart = (part: string): boolean => part.startsWith('.') || systemFolders.has(part.toLowerCase());

const slash = 0x2f;
const backslash = 0x5c;

/** The same bytes with / between folders. */
const withSlashes = (name: Uint8Array): FileName =>
  Buffer.from(name.map((byte) => (byte === backslash ? slash : byte)));

/** Parts of a path, without those that only lead somewhere, as in `./a.png` and `../a.png`. */
const partsOf = (name: Uint8Array): string[] =>
  withSlashes(name)
    .toString('latin1') // a character a byte
    .split('/')
    .filter((part) => !['', '.', '..'].includes(part));

/** A path as it is looked up by: its parts with / between them, a character a byte. */
export const pathKey = (name: Uint8Array): string => partsOf(name).join('/');

/** The first folder of a path, below where the images are; undefined for what lies in none. */
export function topFolder(name: Uint8Array): FileName | undefined {
  const [first, ...others] = partsOf(name);
  return first === undefined || others.length === 0 ? undefined : Buffer.from(first, 'latin1');
}

/** Whether any part of a path, from where the images are, is hidden or a system's. */
export const isHidden = (name: Uint8Array): boolean => partsOf(name).some(isHiddenPart);

/** What is decoded where it has its name: formats that the decoder reads, under the suffixes that they go by. */
const imageSuffixes = new Set(
  ['png', 'apng', 'jpg', 'jpeg', 'jpe', 'jfif', 'jfi', 'jif', 'pjpeg', 'pjp', 'webp', 'gif', 'tif', 'tiff', 'avif'].map(
    (suffix) => `.${suffix}`,
  ),
);

/** A suffix is letters and digits, not digits only: `frame.0001` has none. */
const suffix = /.(\.(?!\d+$)[a-z0-9]{1,10})$/is;

/** Suffix of a name in lower case with its dot; empty where it has none. That of a gzipped file is of what is in it. */
export function suffixOf(name: Uint8Array): string {
  const last = partsOf(name).at(-1) ?? '';
  const plain = last.replace(/\.gz$/i, '');
  return (
    suffix.exec(imageSuffixes.has(suffix.exec(plain)?.[1]?.toLowerCase() ?? '') ? plain : last)?.[1] ?? ''
  ).toLowerCase();
}

/** What a name says: an image, none, or that the content has to be looked at, where there is no suffix. */
export function kindOfName(name: Uint8Array): 'image' | 'unknown' | 'other' {
  const found = suffixOf(name);
  if (found === '') return 'unknown';
  return imageSuffixes.has(found) ? 'image' : 'other';
}

/** The order in which images are read: that of their names' bytes, whatever order a file system or an archive has. */
export const byName = (a: { name: Uint8Array }, b: { name: Uint8Array }): number =>
  Buffer.compare(withSlashes(a.name), withSlashes(b.name));
