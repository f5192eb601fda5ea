import { checkSizes, defaultZipLimits, type ZipEntry, zipContent, zipHead } from '../formats/zip.ts';
import { zipDirectory } from '../formats/zipDirectory.ts';
import { showName } from './fileName.ts';
import type { ImageFiles } from './imageFiles.ts';
import { headBytes } from './imageFormat.ts';
import { isHidden, kindOfName } from './imageNames.ts';
import { readInput } from './volume.ts';

const isFolderName = (name: Uint8Array) => name.at(-1) === 0x2f || name.at(-1) === 0x5c;

/** What unpacking the archive would leave: of entries with one name the last. */
const filesOf = (entries: ZipEntry[]): ZipEntry[] => [
  ...new Map(
    entries
      .filter(({ rawName }) => !isFolderName(rawName))
      .map((entry) => [Buffer.from(entry.rawName).toString('latin1'), entry]),
  ).values(),
];

/**
 * Opens a zip archive of images. Names are only names: nothing is written, so none can leave a folder.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe where it would inflate to too much
 */
export async function openArchive(path: string): Promise<ImageFiles> {
  const bytes = await readInput(path, path, 'Unpack it, and use the folder with format ImageFolder.');
  const entries = filesOf(zipDirectory(bytes, path, defaultZipLimits.entries));
  checkSizes(
    entries.filter(({ rawName }) => !isHidden(rawName) && kindOfName(rawName) !== 'other'),
    path,
    defaultZipLimits,
  );
  const entry = (index: number) => {
    const found = entries[index] as ZipEntry;
    return { ...found, name: showName(found.rawName) };
  };
  return {
    names: entries.map(({ rawName }) => Buffer.from(rawName)),
    where: (index) => `${path}:${entry(index).name}`,
    read: async (index) => {
      checkSizes([entry(index)], path, defaultZipLimits);
      return zipContent(bytes, entry(index), path);
    },
    head: async (index) => {
      try {
        return zipHead(bytes, entry(index), path, headBytes);
      } catch {
        return new Uint8Array();
      }
    },
  };
}
