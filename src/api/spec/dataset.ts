import { z } from 'zod';
import { integer, objectName, relativePath } from '../rules.ts';

/** A place on a PersistentVolumeClaim of the run's namespace. */
export const volumePathSchema = z
  .strictObject({
    claimName: objectName.describe("PersistentVolumeClaim in the run's namespace; mounted read-only."),
    path: relativePath.default('').describe('File or folder inside the volume; empty for its root.'),
  })
  .describe('A place on a PersistentVolumeClaim.');

export const imageSchema = z
  .strictObject({
    size: integer(4, 1024).describe('Height and width in pixels. Images of another size are resized to it.'),
    channels: z.literal([1, 3]).describe('1 for grey, 3 for RGB.'),
  })
  .describe('Shape that every image is brought to.');

export const datasetSchema = z
  .strictObject({
    source: z.strictObject({ volume: volumePathSchema }).describe('Where the images are.'),
    format: z
      .enum(['Idx', 'ImageFolder', 'ImageZip', 'Npy', 'Npz'])
      .describe(
        'Idx: an MNIST-style images file, plain or .gz (or the folder with train-images-idx3-ubyte). ImageFolder, ImageZip: PNG and JPEG files. Npy, Npz: a uint8 array [N,H,W] or [N,H,W,C].',
      ),
    image: imageSchema,
    limit: integer(1).optional().describe('Use only the first this many images.'),
  })
  .describe('The images to learn from; values are mapped to [−1, 1].');

export type VolumePath = z.output<typeof volumePathSchema>;
export type ImageShape = z.output<typeof imageSchema>;
export type Dataset = z.output<typeof datasetSchema>;
