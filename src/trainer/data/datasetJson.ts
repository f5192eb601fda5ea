import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { shortName } from './findings.ts';
import { pathKey } from './imageNames.ts';
import type { NamedImages } from './source.ts';

/** Where EDM's and StyleGAN's dataset_tool.py writes labels: at the top of the folder or archive. */
export const datasetJson = 'dataset.json';

/** Largest one: a million images take some fifty megabytes. */
const mostBytes = 2 ** 28;

const schema = z.object({ labels: z.array(z.tuple([z.string(), z.int()])).nullish() });

function parse(bytes: Uint8Array, where: string): [string, number][] {
  if (bytes.length > mostBytes)
    throw new DdrError('InputUnsafe', `has ${bytes.length} bytes, more than a list of labels needs`, { where });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DdrError('InputForeign', 'is not JSON', { where, cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new DdrError('InputForeign', 'does not list labels as [path of the image, class]', {
      where,
      hint: 'Write {"labels": [["00000/img00000000.png", 6], …]}, a whole number for each image.',
    });
  }
  if (parsed.data.labels === null || parsed.data.labels === undefined)
    throw new DdrError('InputForeign', 'has no labels', { where, hint: 'Leave dataset.labels out, or add them.' });
  return parsed.data.labels;
}

/**
 * Labels of images from a dataset.json. Of an image that is listed twice the last label counts, as in Python's dict().
 * @returns a label per image, in the images' order
 * @throws DdrError InputMissing, InputForeign, InputUnsafe; InputMismatch where an image has no label, or a label no image
 */
export async function labelsOfJson({ names, beside }: NamedImages): Promise<{ labels: number[]; where: string }> {
  const file = await beside(datasetJson);
  if (file === undefined) {
    throw new DdrError('InputMissing', `there is no ${datasetJson} at the top of the images`, {
      hint: 'Put it there, or take dataset.labels from elsewhere.',
    });
  }
  const { bytes, where } = file;
  const listed = new Map(parse(bytes, where).map(([name, label]) => [pathKey(Buffer.from(name)), label]));
  const labels = names.map((name) => {
    const label = listed.get(pathKey(name));
    if (label === undefined)
      throw new DdrError('InputMismatch', `has no label for the image ${shortName(name)}`, { where });
    return label;
  });
  if (listed.size !== names.length) {
    throw new DdrError('InputMismatch', `labels ${listed.size} images, and ${names.length} are there`, {
      where,
      hint: 'Copy the images that are missing, or take their labels out.',
    });
  }
  return { labels, where };
}
