import { DdrError } from '../../api/errors.ts';
import { showName } from './fileName.ts';
import { shortName } from './findings.ts';
import { topFolder } from './imageNames.ts';
import type { NamedImages } from './source.ts';

/**
 * Labels by the folder that each image lies in, the first below the top; folders are numbered in the order of their names'
 * bytes, as torchvision's ImageFolder does.
 * @returns a label per image, in the images' order, and the classes' names
 * @throws DdrError InputMismatch where an image lies in no folder
 */
export function labelsOfFolders({ names }: Pick<NamedImages, 'names'>): { labels: number[]; names: string[] } {
  const folders = names.map((name) => {
    const folder = topFolder(name);
    if (folder !== undefined) return folder.toString('latin1');
    throw new DdrError('InputMismatch', `the image ${shortName(name)} lies in no folder that would be its class`, {
      hint: 'Put each image into the folder of its class, directly below path of dataset.source.',
    });
  });
  // Latin-1 has a character per byte, so that the order of texts is that of bytes.
  const classes = [...new Set(folders)].sort((a, b) => (a < b ? -1 : 1));
  const index = new Map(classes.map((folder, i) => [folder, i]));
  return {
    labels: folders.map((folder) => index.get(folder) as number),
    names: classes.map((folder) => showName(Buffer.from(folder, 'latin1'))),
  };
}
