import { z } from 'zod';
import { asSet, integer, withRules } from '../rules.ts';
import { volumePathSchema } from './source.ts';

const extractor = withRules(
  z
    .strictObject({
      name: z
        .enum(['mnist-classifier', 'fashion-mnist-classifier', 'inception-v3-fid'])
        .describe(
          'mnist-classifier, fashion-mnist-classifier: small classifiers of grey digits and of grey clothes that come with the trainer. inception-v3-fid: the FID network, with weights of your own; only its result is called FID.',
        ),
      weights: z
        .strictObject({ volume: volumePathSchema })
        .optional()
        .describe('Weights as safetensors, for inception-v3-fid.'),
    })
    .describe('The network whose features are compared.'),
  [
    {
      cel: "(self.name == 'inception-v3-fid') == has(self.weights)",
      message:
        'weights and inception-v3-fid go together: its weights are given by you, the classifiers bring their own',
      path: ['weights'],
      check: (e) => (e.name === 'inception-v3-fid') === (e.weights !== undefined),
    },
  ],
);

const reference = withRules(
  z
    .strictObject({
      fromDataset: z
        .strictObject({ limit: integer(2).optional().describe('Use only the first this many images.') })
        .optional()
        .describe('Compute the reference statistics from the dataset.'),
      file: z
        .strictObject({ volume: volumePathSchema })
        .optional()
        .describe('An .npz with mu and sigma, as pytorch-fid writes it.'),
    })
    .describe('What the samples are compared with.'),
  [
    {
      cel: 'has(self.fromDataset) != has(self.file)',
      message: 'reference needs exactly one of fromDataset and file',
      check: (r) => (r.fromDataset === undefined) !== (r.file === undefined),
    },
  ],
);

export const evaluationSchema = z
  .strictObject({
    metrics: asSet(
      z
        .array(z.enum(['FrechetDistance']))
        .min(1)
        .max(8),
    )
      .default(['FrechetDistance'])
      .describe('What to compute.'),
    extractor,
    reference: reference.default({ fromDataset: {} }),
  })
  .describe('How samples are judged. Without it the report has samples and curves but no distance.');

export type Evaluation = z.output<typeof evaluationSchema>;
