import { z } from 'zod';
import { compact } from '../compact.ts';
import { integer, withRules } from '../rules.ts';
import { checkpointsSchema } from './checkpoints.ts';
import { type Codec, codecSchema, encodes, networkSize, networkSizeCel } from './codec.ts';
import { conditionRules } from './conditionRules.ts';
import { type Dataset, datasetSchema } from './dataset.ts';
import { evaluationSchema } from './evaluation.ts';
import { executionSchema } from './execution.ts';
import { modelSchema } from './model.ts';
import { modelRules } from './modelRules.ts';
import { overridesSchema } from './overrides.ts';
import { partRules } from './partRules.ts';
import { samplingSchema } from './sampling.ts';
import { scheduleSchema } from './schedule.ts';
import { parseStateRange } from './stateRange.ts';
import { trainingSchema } from './training.ts';

const factors = [1, 2, 4, 8, 16, 32, 64, 128];

/** Whether an image of `size` pixels can be halved once per level after the first. */
const divides = (size: number, levels: number) => size % (factors[levels - 1] ?? Number.NaN) === 0;
/** Height and width of what the networks see. */
const sizeSeen = ({ dataset, codec }: { dataset: Dataset; codec: Codec }) => networkSize(dataset.image.size, codec);
const isResolution = (size: number, resolution: number) => factors.some((f) => f * resolution === size);

/** CEL for a number of training that an override `o` may replace. */
const ofOverride = (field: 'batchSize' | 'microBatchSize') =>
  `(has(o.training.${field}) ? o.training.${field} : self.training.${field})`;
const isDivided = ({ batchSize, microBatchSize }: { batchSize: number; microBatchSize: number }) =>
  microBatchSize === 0 || batchSize % microBatchSize === 0;

export const specSchema = withRules(
  z
    .strictObject({
      schedule: scheduleSchema,
      dataset: datasetSchema,
      codec: codecSchema,
      model: modelSchema,
      training: trainingSchema,
      overrides: overridesSchema,
      execution: executionSchema,
      checkpoints: checkpointsSchema,
      sampling: samplingSchema,
      evaluation: evaluationSchema.optional(),
      suspend: z
        .boolean()
        .default(false)
        .describe('Stops all pods, keeping their checkpoints; false again goes on where they stopped.'),
      cancel: z
        .boolean()
        .default(false)
        .describe('Ends the run for good, keeping what is on the volume. Cannot be taken back.'),
      ttlSecondsAfterFinished: integer(0)
        .optional()
        .describe(
          'Seconds after its end when the run is deleted, with its Jobs and pods, and with its claims where whenDeleted of checkpoints.volume is Delete.',
        ),
    })
    .describe('What to train, on what, and where.'),
  [
    {
      cel: `${networkSizeCel} % [1,2,4,8,16,32,64,128][self.model.channelMultipliers.size() - 1] == 0`,
      message:
        'dataset.image.size must be divisible by 2 for every level of model.channelMultipliers after the first (with AutoencoderKL, its latents’ size must be); change size or use fewer levels',
      path: ['dataset', 'image', 'size'],
      check: (s) => divides(sizeSeen(s), s.model.channelMultipliers.length),
    },
    {
      cel: `self.model.attentionResolutions.all(r, [1,2,4,8,16,32,64,128].exists(f, f * r == ${networkSizeCel}))`,
      message:
        'model.attentionResolutions must be resolutions that the U-Net has: dataset.image.size divided by a power of two, with AutoencoderKL its latents’ size',
      path: ['model', 'attentionResolutions'],
      check: (s) => s.model.attentionResolutions.every((r) => isResolution(sizeSeen(s), r)),
    },
    ...modelRules,
    {
      cel: "self.overrides.all(o, int(o.states.split('-')[o.states.split('-').size() - 1]) < self.schedule.states)",
      message: 'overrides name a state that does not exist: states run from 0 to schedule.states − 1',
      path: ['overrides'],
      check: (s) => s.overrides.every((o) => parseStateRange(o.states).last < s.schedule.states),
    },
    {
      cel: "self.overrides.all(o, int(o.states.split('-')[0]) % self.schedule.statesPerModel == 0 && (int(o.states.split('-')[o.states.split('-').size() - 1]) + 1) % self.schedule.statesPerModel == 0)",
      message:
        'overrides must cover whole models: a range begins at a multiple of schedule.statesPerModel and ends before one',
      path: ['overrides'],
      check: (s) =>
        s.overrides.every((o) => {
          const { first, last } = parseStateRange(o.states);
          return first % s.schedule.statesPerModel === 0 && (last + 1) % s.schedule.statesPerModel === 0;
        }),
    },
    {
      cel: `self.overrides.all(o, !has(o.model) || !has(o.model.channelMultipliers) || ${networkSizeCel} % [1,2,4,8,16,32,64,128][o.model.channelMultipliers.size() - 1] == 0)`,
      message:
        'dataset.image.size must be divisible by 2 for every level of an override’s channelMultipliers after the first (with AutoencoderKL, its latents’ size must be)',
      path: ['overrides'],
      check: (s) =>
        s.overrides.every(
          (o) => o.model?.channelMultipliers === undefined || divides(sizeSeen(s), o.model.channelMultipliers.length),
        ),
    },
    {
      cel: `self.overrides.all(o, !has(o.model) || !has(o.model.attentionResolutions) || o.model.attentionResolutions.all(r, [1,2,4,8,16,32,64,128].exists(f, f * r == ${networkSizeCel})))`,
      message:
        'an override’s attentionResolutions must be resolutions that the U-Net has: dataset.image.size divided by a power of two, with AutoencoderKL its latents’ size',
      path: ['overrides'],
      check: (s) =>
        s.overrides.every((o) => (o.model?.attentionResolutions ?? []).every((r) => isResolution(sizeSeen(s), r))),
    },
    {
      cel: 'self.training.microBatchSize == 0 || self.training.batchSize % self.training.microBatchSize == 0',
      message: 'training.microBatchSize must divide training.batchSize, or be 0 for the whole batch',
      path: ['training', 'microBatchSize'],
      check: (s) => isDivided(s.training),
    },
    {
      cel: `self.overrides.all(o, !has(o.training) || ${ofOverride('microBatchSize')} == 0 || ${ofOverride('batchSize')} % ${ofOverride('microBatchSize')} == 0)`,
      message: 'the microBatchSize of an override must divide its batchSize, or be 0 for the whole batch',
      path: ['overrides'],
      check: (s) => s.overrides.every((o) => isDivided({ ...s.training, ...compact(o.training ?? {}) })),
    },
    {
      cel: 'self.sampling.ema <= self.training.ema.further.size() && self.overrides.all(o, !has(o.training) || !has(o.training.ema) || !has(o.training.ema.further) || self.sampling.ema <= o.training.ema.further.size())',
      message:
        'sampling.ema must be one of the averages that every model has: 0, or at most as many as training.ema.further lists',
      path: ['sampling', 'ema'],
      check: (s) =>
        [s.training.ema, ...s.overrides.map((o) => o.training?.ema)].every(
          (ema) => ema?.further === undefined || s.sampling.ema <= ema.further.length,
        ),
    },
    {
      cel: "!has(self.evaluation) || self.evaluation.extractor.name == 'inception-v3-fid' || self.dataset.image.channels == 1",
      message:
        'the classifiers of evaluation.extractor know grey images only; use inception-v3-fid, or set dataset.image.channels to 1',
      path: ['evaluation', 'extractor', 'name'],
      check: (s) =>
        s.evaluation === undefined ||
        s.evaluation.extractor.name === 'inception-v3-fid' ||
        s.dataset.image.channels === 1,
    },
    {
      cel: '!has(self.evaluation) || self.sampling.count >= 2',
      message: 'sampling.count must be 2 at least where there is an evaluation: one sample has no covariance',
      path: ['sampling', 'count'],
      check: (s) => s.evaluation === undefined || s.sampling.count >= 2,
    },
    ...conditionRules,
    ...partRules,
    {
      cel: "self.codec.name == 'Pixels' || self.dataset.image.size % self.codec.downsampling == 0",
      message: 'dataset.image.size must be divisible by codec.downsampling; it is the size of pictures, not of latents',
      path: ['dataset', 'image', 'size'],
      check: (s) => s.codec.name === 'Pixels' || s.dataset.image.size % s.codec.downsampling === 0,
    },
    {
      cel: "!has(self.dataset.latents) || self.codec.name != 'Pixels'",
      message: 'dataset.latents need a codec that makes pictures of samples: set codec.name to AutoencoderKL',
      path: ['codec', 'name'],
      check: (s) => s.dataset.latents === undefined || s.codec.name !== 'Pixels',
    },
    {
      cel: "self.dataset.prepare == 'Copy' || self.codec.name == 'Pixels'",
      message:
        'dataset.prepare must be Copy with codec AutoencoderKL: networks learn from latents, which the prepare step writes',
      path: ['dataset', 'prepare'],
      check: (s) => s.dataset.prepare === 'Copy' || s.codec.name === 'Pixels',
    },
    {
      cel: "self.codec.name == 'Pixels' || !self.sampling.clip",
      message: 'sampling.clip must be false with codec AutoencoderKL: latents are not within [−1, 1]',
      path: ['sampling', 'clip'],
      check: (s) => s.codec.name === 'Pixels' || !s.sampling.clip,
    },
    {
      cel: "self.codec.name == 'Pixels' || (!self.training.horizontalFlips && self.overrides.all(o, !has(o.training) || !has(o.training.horizontalFlips) || !o.training.horizontalFlips))",
      message:
        'horizontalFlips must be false with codec AutoencoderKL: a mirrored latent is not the latent of the mirrored image; prepare mirrored images, or their latents, as data of their own',
      path: ['training', 'horizontalFlips'],
      check: (s) =>
        s.codec.name === 'Pixels' ||
        (!s.training.horizontalFlips && s.overrides.every((o) => o.training?.horizontalFlips !== true)),
    },
    {
      cel: '!has(self.dataset.latents) || !has(self.evaluation) || has(self.evaluation.reference.file)',
      message:
        'evaluation.reference must be a file with dataset.latents: there are no images to compute its statistics from',
      path: ['evaluation', 'reference'],
      check: (s) =>
        s.dataset.latents === undefined || s.evaluation === undefined || s.evaluation.reference.file !== undefined,
    },
    {
      cel: "!has(self.checkpoints.volume) || !has(self.checkpoints.volume.perModel) || self.codec.name == 'Pixels' || has(self.dataset.latents)",
      message:
        'checkpoints.volume.perModel has each training pod prepare the data anew, and encoders of different machines do not agree bit for bit: encode the images once and give dataset.latents, or use checkpoints.volume.shared',
      path: ['checkpoints', 'volume', 'perModel'],
      check: (s) => s.checkpoints.volume?.perModel === undefined || !encodes(s),
    },
    {
      cel: '!oldSelf.cancel || self.cancel',
      message: 'cancel cannot be taken back; make a new run instead',
      path: ['cancel'],
    },
  ],
);

export type Spec = z.output<typeof specSchema>;
/** The spec as a user writes it, before defaults. */
export type SpecInput = z.input<typeof specSchema>;
