import { z } from 'zod';
import { integer, relativePath, withRules } from '../rules.ts';

const arrayName = z.string().min(1).max(253);
const file = relativePath.describe(
  "File on the dataset's volume, below its prefix or among its URLs, or a folder with several.",
);

export const labelsSchema = withRules(
  z
    .strictObject({
      classes: integer(2, 100_000).describe('Number of classes; labels run from 0 to classes − 1.'),
      from: z
        .enum(['Idx', 'ClassFolders', 'DatasetJson', 'Npz', 'Npy', 'Safetensors', 'Cls', 'Json', 'Column'])
        .describe(
          "Idx: an MNIST-style labels file. ClassFolders: the first folder below the dataset's path, the folders in the order of their names. DatasetJson: dataset.json at the top of the folder or archive, as EDM and StyleGAN have it. Npz, Npy, Safetensors: an array [N] of whole numbers, in the order of the images; of a folder, those of its files one after the other. Cls: the .cls beside each image of a WebDataset. Json: a field of the .json beside it. Column: a column of Parquet.",
        ),
      path: file
        .optional()
        .describe(
          "Idx, Npz, Npy, Safetensors: the file or folder on the dataset's volume. Idx: where left out, the labels file beside the images file. Npz, Safetensors: where left out, the files of the images.",
        ),
      array: arrayName.optional().describe('Npz, Safetensors: the array of labels, such as y_train.'),
      field: arrayName
        .optional()
        .describe(
          'Json: the field with the class, label where left out. Column: the column with the class; where left out, the only one of type ClassLabel. Names of nested ones have dots between them.',
        ),
    })
    .describe(
      'The class of each image. There is one label for every image of the source, whatever limit leaves of it.',
    ),
  [
    {
      cel: "self.from != 'Npy' || has(self.path)",
      message: 'path must name the file of labels, where they are from Npy',
      path: ['path'],
      check: (l) => l.from !== 'Npy' || l.path !== undefined,
    },
    {
      cel: "!has(self.path) || self.from in ['Idx', 'Npz', 'Npy', 'Safetensors']",
      message: 'path is for labels from Idx, Npz, Npy and Safetensors: the others lie with the images',
      path: ['path'],
      check: (l) => l.path === undefined || ['Idx', 'Npz', 'Npy', 'Safetensors'].includes(l.from),
    },
    {
      cel: "!has(self.field) || self.from in ['Json', 'Column']",
      message: 'field is for labels from Json and Column',
      path: ['field'],
      check: (l) => l.field === undefined || l.from === 'Json' || l.from === 'Column',
    },
    {
      cel: "(self.from in ['Npz', 'Safetensors']) == has(self.array)",
      message: 'array and labels from Npz or Safetensors go together: name the array of labels, or leave array out',
      path: ['array'],
      check: (l) => (l.from === 'Npz' || l.from === 'Safetensors') === (l.array !== undefined),
    },
  ],
);

const contextFile = z.strictObject({
  path: file,
  from: z
    .enum(['Npy', 'Npz', 'Safetensors'])
    .describe(
      'What the file is, or the files of the folder are: their arrays one after the other, in the order of the names.',
    ),
  array: arrayName.optional().describe('Npz, Safetensors: the array in it.'),
});

const arrayRule = {
  cel: "(self.from == 'Npy') != has(self.array)",
  message: 'array names the array of an Npz or Safetensors file; an Npy file has only one',
  path: ['array'],
  check: (c: z.output<typeof contextFile>) => (c.from === 'Npy') !== (c.array !== undefined),
};

export const contextsSchema = withRules(
  contextFile
    .extend({
      tokens: integer(1, 4096).describe('Vectors of an image, such as 77 of a CLIP text encoder.'),
      width: integer(1, 65_536).describe('Numbers of a vector, such as 1024.'),
    })
    .describe(
      'What each image shows, encoded by a network of your own: float16 or float32 [N, tokens, width], in the order of the images. There is one context for every image of the source, whatever limit leaves of it.',
    ),
  [arrayRule],
);

export const promptsSchema = withRules(
  contextFile.describe(
    'What the samples are to show: contexts [P, tokens, width] of the kind that dataset.contexts has, on the same volume. Sample i is drawn to context i modulo P.',
  ),
  [arrayRule],
);

export type LabelsSpec = z.output<typeof labelsSchema>;
export type ContextsSpec = z.output<typeof contextsSchema>;
export type ContextFile = z.output<typeof contextFile>;

/** The format of the shards that labels come with, image by image; undefined where they lie elsewhere. */
export function shardsWithLabels({ from }: Pick<LabelsSpec, 'from'>): 'WebDataset' | 'Parquet' | undefined {
  if (from === 'Cls' || from === 'Json') return 'WebDataset';
  return from === 'Column' ? 'Parquet' : undefined;
}
