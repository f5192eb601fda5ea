import type { SpecInput } from '../../src/api/spec/spec.ts';

const volume = (claimName: string, path: string) => ({ volume: { claimName, path } });
const template = (team: string) => ({ metadata: { labels: { team } }, spec: { priorityClassName: team } });

/** A spec that sets every field, none of them to its default where another value is allowed. */
export const everything: SpecInput = {
  schedule: {
    family: 'Cosine',
    timesteps: 500,
    states: 4,
    statesPerModel: 2,
    spacing: 'Explicit',
    indices: [9, 99, 299, 499],
    alphas: 'Recomputed',
  },
  dataset: {
    source: volume('data', 'faces'),
    format: 'Npz',
    image: { size: 64, channels: 3, fit: 'Pad' },
    array: 'x_train',
    latents: { values: 'MeanAndLogVariance', order: 'ChannelsLast', spread: 'log_variance' },
    limit: 5000,
    maxBroken: 3,
    revision: 'second',
  },
  codec: {
    name: 'AutoencoderKL',
    weights: volume('codec', 'vae'),
    downsampling: 2,
    channels: 6,
    scalingFactor: 0.5,
    shiftFactor: 0.25,
  },
  model: { baseChannels: 64, channelMultipliers: [1, 2], residualBlocks: 2, attentionResolutions: [16] },
  training: {
    images: 1000,
    batchSize: 10,
    microBatchSize: 5,
    prediction: 'X0',
    optimizer: {
      name: 'Adam',
      learningRate: 0.01,
      beta1: 0.8,
      beta2: 0.99,
      epsilon: 1e-7,
      weightDecay: 0.1,
      warmupImages: 100,
    },
    gradientClipNorm: 2,
    ema: { halfLifeImages: 500, further: [700, 900] },
    precision: 'BFloat16',
    seed: 3,
    threads: 4,
    warmStart: volume('other', 'runs/before/bundles/0123456789abcdef'),
  },
  overrides: [
    {
      states: '2-3',
      model: { baseChannels: 16, channelMultipliers: [1, 1], residualBlocks: 1, attentionResolutions: [8] },
      training: {
        images: 500,
        batchSize: 20,
        microBatchSize: 5,
        prediction: 'Epsilon',
        optimizer: {
          name: 'AdamW',
          learningRate: 0.02,
          beta1: 0.7,
          beta2: 0.98,
          epsilon: 1e-6,
          weightDecay: 0.2,
          warmupImages: 50,
        },
        gradientClipNorm: 3,
        ema: { halfLifeImages: 250, further: [350, 450] },
        precision: 'Float32',
        seed: 4,
        threads: 5,
      },
      podTemplate: template('noisy'),
    },
  ],
  execution: {
    states: '0-1',
    aggregate: false,
    maxParallel: 3,
    retries: { perModel: 4, total: 11 },
    deadlines: { modelSeconds: 1000, runSeconds: 10_000 },
    queueName: 'team',
    image: 'trainer:other',
    resources: { limits: { memory: '8Gi' }, requests: { cpu: '2' } },
    podTemplate: template('all'),
    steps: {
      prepare: { podTemplate: template('prepare') },
      train: { podTemplate: template('train') },
      aggregate: { podTemplate: template('aggregate') },
      sample: { podTemplate: template('sample') },
      evaluate: { podTemplate: template('evaluate') },
    },
    jobTemplate: { metadata: { labels: { team: 'jobs' }, annotations: { note: 'yes' } } },
  },
  checkpoints: {
    volume: { shared: { size: '3Gi', storageClassName: 'fast', accessModes: ['ReadWriteOnce'] } },
    everyImages: 100,
    keep: 3,
  },
  sampling: {
    sampler: 'DDIM',
    eta: 0.5,
    count: 64,
    shards: 2,
    batchSize: 8,
    seed: 5,
    ema: 1,
    clip: false,
    start: 'MomentMatched',
    minStates: 3,
    requiredStates: '0-1',
  },
  evaluation: {
    metrics: ['FrechetDistance'],
    extractor: { name: 'inception-v3-fid', weights: volume('weights', 'inception.safetensors') },
    reference: { file: volume('reference', 'statistics.npz') },
  },
  suspend: true,
  cancel: true,
  ttlSecondsAfterFinished: 60,
};

const contexts = (path: string) => ({ path, from: 'Npz' as const, array: 'contexts' });

/** The same with conditions, which cannot be set without one another: class and context of each latent. */
export const conditionedLatents: SpecInput = {
  ...everything,
  dataset: {
    ...everything.dataset,
    labels: { classes: 10, from: 'Npz', path: 'labels.npz', array: 'y_train' },
    contexts: { ...contexts('contexts.npz'), tokens: 8, width: 16 },
  },
  model: { ...everything.model, transformerDepths: [0, 1] },
  training: { ...everything.training, conditionDropout: 0.25 },
  overrides: everything.overrides?.map((override) => ({
    ...override,
    training: { ...override.training, conditionDropout: 0.5 },
  })),
  sampling: {
    ...everything.sampling,
    guidance: { scale: 3, states: '0-1' },
    labels: { from: 'Listed', list: [1, 2] },
    contexts: contexts('prompts.npz'),
  },
};

const { codec: _codec, ...ofImages } = conditionedLatents;
const { latents: _latents, ...datasetOfImages } = conditionedLatents.dataset;

/** The same of images, which can be mirrored. */
export const conditioned: SpecInput = {
  ...ofImages,
  dataset: { ...datasetOfImages, image: { ...everything.dataset.image, size: 32 } },
  training: { ...conditionedLatents.training, horizontalFlips: true },
  overrides: conditionedLatents.overrides?.map((override) => ({
    ...override,
    training: { ...override.training, horizontalFlips: true },
  })),
};
