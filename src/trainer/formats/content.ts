import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';

/** What a file is that was taken for another. */
interface Content {
  name: string;
  /** How it begins: with one of some texts, or by a pattern. */
  begins: readonly string[] | RegExp;
  /** Where that stands, if not at 0. */
  at?: number;
  hint: string;
  /** Whether the file is not the one that it stands for, so that nothing but fetching it again helps. */
  lost?: true;
}

const convert = 'Convert it to PNG or JPEG.';
const unpack = 'Unpack it, and use the folder with format ImageFolder.';
const saveArray = 'Load it in Python, and save its array with numpy.save.';

/** What downloads, datasets and checkpoints turn out to be, by their first bytes as Latin-1. */
const contents: Content[] = [
  {
    name: 'a pointer of Git LFS',
    begins: ['version https://git-lfs'],
    hint: 'Fetch it with "git lfs pull".',
    lost: true,
  },
  {
    name: 'a web page',
    begins: /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i,
    hint: 'Download it again: a server has answered with a page instead of the file.',
    lost: true,
  },
  {
    name: 'nothing but zeros',
    begins: ['\0'.repeat(64)],
    hint: 'Copy it again: its content has been lost.',
    lost: true,
  },
  { name: 'HEIC', begins: /^ftyp(hei[cxms]|hev[cxms]|mif1|msf1)/, at: 4, hint: convert },
  { name: 'JPEG XL', begins: ['\xff\n', '\0\0\0\fJXL '], hint: convert },
  { name: 'JPEG 2000', begins: ['\0\0\0\fjP  ', '\xff\x4f\xff\x51'], hint: convert },
  { name: 'BMP', begins: ['BM'], hint: convert },
  { name: 'a Netpbm image', begins: /^P[1-7f]\s/i, hint: convert },
  { name: 'a Photoshop document', begins: ['8BPS'], hint: convert },
  { name: 'SVG', begins: /^(\xef\xbb\xbf)?\s*<(svg|\?xml)/, hint: convert },
  { name: 'PDF', begins: ['%PDF'], hint: convert },
  { name: 'a PNG image', begins: ['\x89PNG'], hint: 'Put it into a folder, and use format ImageFolder.' },
  { name: 'a JPEG image', begins: ['\xff\xd8\xff'], hint: 'Put it into a folder, and use format ImageFolder.' },
  {
    name: 'an array of NumPy',
    begins: ['\x93NUMPY'],
    hint: 'An array of images is read with format Npy; numpy.savez writes an .npz.',
  },
  {
    name: 'a Python pickle',
    begins: ['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'],
    hint: 'Loading a pickle may run anything: load it where you trust it, and save its arrays with numpy.savez.',
  },
  { name: 'HDF5', begins: ['\x89HDF\r\n'], hint: saveArray },
  { name: 'a MATLAB file', begins: ['MATLAB '], hint: saveArray },
  { name: 'Parquet', begins: ['PAR1'], hint: 'Parquet with a column of images is read with format Parquet.' },
  {
    name: 'a zip archive',
    begins: ['PK\x03\x04'],
    hint: 'An .npz is read with format Npz, a zip archive of image files with ImageZip.',
  },
  { name: 'gzipped', begins: ['\x1f\x8b'], hint: 'Unpack it with gunzip.' },
  { name: 'a 7z archive', begins: ['7z\xbc\xaf'], hint: unpack },
  { name: 'a RAR archive', begins: ['Rar!'], hint: unpack },
  {
    name: 'a tar archive',
    begins: ['ustar'],
    at: 257,
    hint: 'Tar archives of images are read with format WebDataset.',
  },
  { name: 'compressed with xz', begins: ['\xfd7zXZ'], hint: 'Unpack it with unxz.' },
  { name: 'compressed with bzip2', begins: ['BZh'], hint: 'Unpack it with bunzip2.' },
  { name: 'compressed with Zstandard', begins: ['\x28\xb5\x2f\xfd'], hint: 'Unpack it with unzstd.' },
];

/** First bytes that tell a content. */
const tellingBytes = 262;

/**
 * The error of a file that is not what was asked for, with what it is instead where that is known, and the remedy.
 * @param bytes the file, or its beginning
 * @param message what it is not
 * @param remedy better than what is known of the content alone
 */
export function foreignContent(bytes: Uint8Array, message: string, where: string, remedy?: string): DdrError {
  const beginning = Buffer.from(bytes.subarray(0, tellingBytes)).toString('latin1');
  const found = contents.find(({ begins, at = 0 }) =>
    begins instanceof RegExp ? begins.test(beginning.slice(at)) : begins.some((text) => beginning.startsWith(text, at)),
  );
  return new DdrError(
    'InputForeign',
    found === undefined ? message : `${message}; it is ${found.name}`,
    compact({ where, hint: found?.lost ? found.hint : (remedy ?? found?.hint) }),
  );
}
