import { z } from 'zod';
import { billionthsOf, wholeQuantity } from '../quantity.ts';
import { integer, relativePath, withRules } from '../rules.ts';
import { contextsSchema, labelsSchema, shardsWithLabels } from './conditions.ts';
import { sourceSchema } from './source.ts';

/** Height and width in pixels, and 1 channel for grey or 3 for RGB: of stored images, of what a network sees, of pictures. */
export const imageShapeSchema = z.strictObject({ size: z.int().min(1), channels: z.literal([1, 3]) });

/** Height and width, and channels, of what a network sees: an image, or its latent. */
export interface NetworkShape {
  size: number;
  channels: number;
}

/** What pre-encoded latents tell of the normal that an image's latent is drawn from. */
export const latentValues = ['Mean', 'MeanAndDeviation', 'MeanAndLogVariance'] as const;

const latentsSchema = withRules(
  z
    .strictObject({
      values: z
        .enum(latentValues)
        .default('Mean')
        .describe(
          "What the array has of each latent: its mean, or its mean and its standard deviation or logarithm of the variance, as 2·codec.channels channels, the means first. With either an image's latent is drawn anew each time it is seen.",
        ),
      order: z
        .enum(['ChannelsFirst', 'ChannelsLast'])
        .default('ChannelsFirst')
        .describe('Shape of the array: [N,C,H,W] or [N,H,W,C].'),
      spread: relativePath
        .min(1)
        .optional()
        .describe(
          'Where deviations or log-variances are an array of their own, of the shape of the means. Npy: its file or folder, on the volume of source, below its prefix or among its URLs. Npz, Safetensors: its name.',
        ),
    })
    .describe(
      'The source holds latents of images instead of images: an Npy, Npz or Safetensors array of float16 or float32, as the encoder gave them, not scaled.',
    ),
  [
    {
      cel: "!has(self.spread) || self.values != 'Mean'",
      message: 'spread goes with MeanAndDeviation or MeanAndLogVariance: say which of them it holds',
      path: ['values'],
      check: ({ spread, values }) => spread === undefined || values !== 'Mean',
    },
  ],
);

export const imageSchema = z
  .strictObject({
    size: integer(4, 1024).describe('Height and width in pixels. Images of another size are resized to it, see fit.'),
    channels: z.literal([1, 3]).describe('1 for grey, 3 for RGB.'),
    fit: z
      .enum(['CenterCrop', 'Stretch', 'Pad'])
      .default('CenterCrop')
      .describe(
        'How an image that is not square becomes so: CenterCrop cuts off what stands over at the longer sides, Stretch distorts it, Pad fills up with black.',
      ),
  })
  .describe('Shape that every image is brought to.');

/** What the size of a cache is where it is left out. */
const defaultCacheSize = '8Gi';

const fields = z
  .strictObject({
    source: sourceSchema,
    format: z
      .enum(['Idx', 'ImageFolder', 'ImageZip', 'Npy', 'Npz', 'Safetensors', 'WebDataset', 'Parquet'])
      .describe(
        'Idx: an MNIST-style images file, plain or .gz (or the folder with train-images-idx3-ubyte). ImageFolder, ImageZip: PNG, JPEG, WebP, GIF (first frame), TIFF and AVIF files; others are left out and counted. Npy, Npz, Safetensors: an array [N,H,W], [N,H,W,C] or [N,C,H,W] of bytes, of other integers from 0 to 255, or of floats within [0, 1] or [−1, 1]; of a folder, the arrays of its files one after the other. WebDataset: tar shards in which an image (of the formats of ImageFolder, or .npy of bytes [H,W], [H,W,C] or [C,H,W]) and its .cls, .json or .txt have one name up to the first dot. Parquet: files as the datasets library of Hugging Face writes them, with a column {bytes, path} of images. Shards are read in the order of their names.',
      ),
    image: imageSchema,
    array: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('Npz, Safetensors: the array of images, where the file has several that could be, such as x_train.'),
    field: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        'Where shards have several images of one sample, the ones to learn from. WebDataset: their suffix, such as png or left.jpg. Parquet: their column; of nested ones the names with dots between them.',
      ),
    labels: labelsSchema.optional(),
    contexts: contextsSchema.optional(),
    latents: latentsSchema.optional(),
    limit: integer(1).optional().describe('Use only the first this many images.'),
    maxBroken: integer(0)
      .default(0)
      .describe(
        'Images that cannot be decoded and may be left out; one more fails the run before anything is trained.',
      ),
    revision: z
      .string()
      .max(253)
      .optional()
      .describe('Any text. Another one asks to read the data anew, after files under the same path have changed.'),
    prepare: z
      .enum(['Copy', 'Index'])
      .default('Copy')
      .describe(
        'Copy: the prepare step writes the images once, as they are learned from. Index: it reads and checks them all the same, and writes only where each one is; trainers stream them from the source, which must stay as it is. Both learn the same, bit for bit.',
      ),
    cache: z
      .strictObject({
        size: wholeQuantity.describe(
          'What it may take of the disk of a pod: of an emptyDir volume with this limit. 0 for no cache.',
        ),
      })
      .optional()
      .describe(
        `Index: where each pod that streams keeps what it has fetched. Copy of a source s3 or http: where the prepare step puts files before it reads them, which have to fit; shards are read where they are. Where left out, ${defaultCacheSize}; none for format WebDataset on a volume, which is read in place.`,
      ),
  })
  .describe('The images to learn from; values are mapped to [−1, 1].');

/** Formats whose images are found again by ranges of files. */
const indexed: readonly string[] = ['WebDataset', 'Parquet'];

const isOfFiles = (format: string) => format === 'ImageFolder' || format === 'ImageZip';

export const datasetSchema = withRules(fields, [
  {
    cel: "!has(self.labels) || ((!(self.labels.from in ['Cls', 'Json']) || self.format == 'WebDataset') && (self.labels.from != 'Column' || self.format == 'Parquet'))",
    message: 'labels from Cls and Json are those of format WebDataset, labels from Column those of Parquet',
    path: ['labels', 'from'],
    check: ({ labels, format }) => labels === undefined || (shardsWithLabels(labels) ?? format) === format,
  },
  {
    cel: "!has(self.field) || self.format in ['WebDataset', 'Parquet']",
    message: 'field is for format WebDataset and Parquet; array names the array of an Npz',
    path: ['field'],
    check: ({ field, format }) => field === undefined || format === 'WebDataset' || format === 'Parquet',
  },
  {
    cel: "!has(self.labels) || !(self.labels.from in ['ClassFolders', 'DatasetJson']) || self.format in ['ImageFolder', 'ImageZip']",
    message: 'labels from ClassFolders and DatasetJson are those of image files: format ImageFolder or ImageZip',
    path: ['labels', 'from'],
    check: ({ labels, format }) =>
      labels === undefined || !['ClassFolders', 'DatasetJson'].includes(labels.from) || isOfFiles(format),
  },
  {
    cel: "!has(self.labels) || !(self.labels.from in ['Idx', 'Npz', 'Safetensors']) || has(self.labels.path) || self.labels.from == self.format",
    message: 'labels.path must name the file of labels, where the images are of another format',
    path: ['labels', 'path'],
    check: ({ labels, format }) =>
      labels === undefined ||
      !['Idx', 'Npz', 'Safetensors'].includes(labels.from) ||
      labels.path !== undefined ||
      labels.from === format,
  },
  {
    cel: "!has(self.latents) || self.format in ['Npy', 'Npz', 'Safetensors']",
    message: 'latents are an array: format must be Npy, Npz or Safetensors',
    path: ['format'],
    check: ({ latents, format }) => latents === undefined || ['Npy', 'Npz', 'Safetensors'].includes(format),
  },
  {
    cel: "self.prepare == 'Copy' || self.format in ['WebDataset', 'Parquet']",
    message:
      'prepare Index is for shards of images: format WebDataset or Parquet. Leave prepare out for any other, of which prepare writes a copy',
    path: ['prepare'],
    check: ({ prepare, format }) => prepare === 'Copy' || indexed.includes(format),
  },
  {
    cel: "!has(self.cache) || self.prepare == 'Index' || !has(self.source.volume)",
    message: 'cache goes with prepare Index, or with a source that is not a volume: nothing else is fetched',
    path: ['cache'],
    check: ({ cache, prepare, source }) => cache === undefined || prepare === 'Index' || source.volume === undefined,
  },
]);

/** Whether images of a format lie in shards, which are read by ranges. */
export const isOfShards = (format: string): boolean => indexed.includes(format);

/** Bytes that the prepare step may put on its disk of data that it fetches, as a quantity; undefined where it fetches none. */
export const fetchSize = ({ cache, source }: z.output<typeof datasetSchema>): string | undefined =>
  source.volume === undefined ? (cache?.size ?? defaultCacheSize) : undefined;

/** Bytes that a pod which streams the dataset may keep of it on its disk, as a quantity; undefined where it keeps none. */
export function cacheSize({ prepare, cache, source, format }: z.output<typeof datasetSchema>): string | undefined {
  if (prepare === 'Copy') return undefined;
  const inPlace = source.volume !== undefined && format === 'WebDataset';
  const size = cache?.size ?? (inPlace ? '0' : defaultCacheSize);
  return billionthsOf(size) === 0n ? undefined : size;
}

export type ImageShape = z.output<typeof imageShapeSchema>;
export type ImageSpec = z.output<typeof imageSchema>;
export type Latents = z.output<typeof latentsSchema>;
export type Dataset = z.output<typeof datasetSchema>;
