/** A wrong run: how it differs from the minimal one, and what the refusal has to name. */
export interface WrongRun {
  title: string;
  spec: Record<string, unknown>;
  /** Path of the field that is named, as the API server writes it. */
  field: string;
  /** What the message has to say. */
  says: RegExp;
}

const schedule = (fields: object) => ({ schedule: { states: 10, ...fields } });
const dataset = (fields: object) => ({
  dataset: {
    source: { volume: { claimName: 'data', path: 'mnist' } },
    format: 'Idx',
    image: { size: 28, channels: 1 },
    ...fields,
  },
});
const shared = (fields: object) => ({ checkpoints: { volume: { shared: fields } } });

/** Every kind of mistake that the schema refuses; tried against zod and against a real API server. */
export const wrongRuns: WrongRun[] = [
  {
    title: 'S > T',
    spec: schedule({ states: 11, timesteps: 10 }),
    field: 'spec.schedule.states',
    says: /states \(S\) must not exceed timesteps/,
  },
  { title: 'no states', spec: { schedule: {} }, field: 'spec.schedule.states', says: /Required|expected/i },
  {
    title: 'S = 0',
    spec: schedule({ states: 0 }),
    field: 'spec.schedule.states',
    says: /greater than or equal to 1|>=1/,
  },
  {
    title: 'S not divisible by g',
    spec: schedule({ statesPerModel: 3 }),
    field: 'spec.schedule.statesPerModel',
    says: /must divide states/,
  },
  {
    title: 'an unknown enum',
    spec: schedule({ family: 'Sigmoid' }),
    field: 'spec.schedule.family',
    says: /Linear.*Cosine.*ScaledLinear/,
  },
  {
    title: 'a string for a number',
    spec: schedule({ states: 'ten' }),
    field: 'spec.schedule.states',
    says: /integer|number|int/,
  },
  {
    title: 'Explicit without indices',
    spec: schedule({ spacing: 'Explicit' }),
    field: 'spec.schedule.spacing',
    says: /list indices/,
  },
  {
    title: 'indices without Explicit',
    spec: schedule({ states: 2, indices: [1, 999] }),
    field: 'spec.schedule.spacing',
    says: /set spacing to Explicit/,
  },
  {
    title: 'too few indices',
    spec: schedule({ states: 3, spacing: 'Explicit', indices: [1, 999] }),
    field: 'spec.schedule.indices',
    says: /exactly as many/,
  },
  {
    title: 'unsorted indices',
    spec: schedule({ states: 2, spacing: 'Explicit', indices: [999, 1] }),
    field: 'spec.schedule.indices',
    says: /strictly ascending/,
  },
  {
    title: 'duplicate indices',
    spec: schedule({ states: 2, spacing: 'Explicit', indices: [5, 5] }),
    field: 'spec.schedule.indices',
    says: /strictly ascending|Duplicate/,
  },
  {
    title: 'an index beyond T',
    spec: schedule({ states: 2, spacing: 'Explicit', indices: [5, 1000] }),
    field: 'spec.schedule.indices',
    says: /between 0 and timesteps/,
  },
  {
    title: 'a path out of the volume',
    spec: dataset({ source: { volume: { claimName: 'data', path: 'a/../../etc' } } }),
    field: 'spec.dataset.source.volume.path',
    says: /without \.\./,
  },
  {
    title: 'an absolute path',
    spec: dataset({ source: { volume: { claimName: 'data', path: '/etc' } } }),
    field: 'spec.dataset.source.volume.path',
    says: /relative path/,
  },
  {
    title: 'two channels',
    spec: dataset({ image: { size: 28, channels: 2 } }),
    field: 'spec.dataset.image.channels',
    says: /1|Unsupported/,
  },
  {
    title: 'a size that cannot be halved',
    spec: dataset({ image: { size: 30, channels: 1 } }),
    field: 'spec.dataset.image.size',
    says: /divisible by 2 for every level/,
  },
  {
    title: 'attention where there is no level',
    spec: { model: { attentionResolutions: [8] } },
    field: 'spec.model.attentionResolutions',
    says: /image\.size divided by a power of two/,
  },
  {
    title: 'the same resolution twice',
    spec: { model: { attentionResolutions: [7, 7] } },
    field: 'spec.model.attentionResolutions',
    says: /twice|Duplicate/,
  },
  {
    title: 'channels not a multiple of 8',
    spec: { model: { baseChannels: 12 } },
    field: 'spec.model.baseChannels',
    says: /multiple of 8/,
  },
  {
    title: 'a negative number of images',
    spec: { training: { images: -1 } },
    field: 'spec.training.images',
    says: /greater than or equal to 0|>=0/,
  },
  {
    title: 'a learning rate of 0',
    spec: { training: { optimizer: { learningRate: 0 } } },
    field: 'spec.training.optimizer.learningRate',
    says: /greater than 0|>0/,
  },
  {
    title: 'overlapping overrides',
    spec: { overrides: [{ states: '1-3' }, { states: '3-4' }] },
    field: 'spec.overrides',
    says: /must not overlap/,
  },
  {
    title: 'an override of states that are not there',
    spec: { overrides: [{ states: '8-10' }] },
    field: 'spec.overrides',
    says: /state that does not exist/,
  },
  {
    title: 'an override of half a model',
    spec: { ...schedule({ statesPerModel: 5 }), overrides: [{ states: '0-3' }] },
    field: 'spec.overrides',
    says: /whole models/,
  },
  {
    title: 'a range backwards',
    spec: { overrides: [{ states: '3-1' }] },
    field: 'spec.overrides[0].states',
    says: /lower state first/,
  },
  {
    title: 'a range that is none',
    spec: { overrides: [{ states: 'all' }] },
    field: 'spec.overrides[0].states',
    says: /"8-9"|should match/,
  },
  {
    title: 'an override with too many levels',
    spec: { overrides: [{ states: '0', model: { channelMultipliers: [1, 2, 2, 2] } }] },
    field: 'spec.overrides',
    says: /divisible by 2 for every level/,
  },
  {
    title: 'neither size nor claim',
    spec: shared({}),
    field: 'spec.checkpoints.volume.shared',
    says: /either size.*or claimName/,
  },
  {
    title: 'both size and claim',
    spec: shared({ size: '1Gi', claimName: 'mine' }),
    field: 'spec.checkpoints.volume.shared',
    says: /either size.*or claimName/,
  },
  {
    title: 'access modes of an existing claim',
    spec: shared({ claimName: 'mine', accessModes: ['ReadWriteMany'] }),
    field: 'spec.checkpoints.volume.shared.accessModes',
    says: /goes with size/,
  },
  {
    title: 'what becomes of an existing claim',
    spec: shared({ claimName: 'mine', whenDeleted: 'Retain' }),
    field: 'spec.checkpoints.volume.shared.whenDeleted',
    says: /goes with size/,
  },
  {
    title: 'an access mode that pods cannot share',
    spec: shared({ size: '1Gi', accessModes: ['ReadOnlyMany'] }),
    field: 'spec.checkpoints.volume.shared.accessModes[0]',
    says: /ReadWriteMany.*ReadWriteOnce/,
  },
  {
    title: 'a size that is no quantity',
    spec: shared({ size: 'big' }),
    field: 'spec.checkpoints.volume.shared.size',
    says: /quantity|should match/,
  },
  {
    title: 'more shards than samples',
    spec: { sampling: { count: 2, shards: 3 } },
    field: 'spec.sampling.shards',
    says: /must not exceed count/,
  },
  {
    title: 'FID without weights',
    spec: { evaluation: { extractor: { name: 'inception-v3-fid' } } },
    field: 'spec.evaluation.extractor.weights',
    says: /go together/,
  },
  {
    title: 'an evaluation of one sample',
    spec: { sampling: { count: 1 }, evaluation: { extractor: { name: 'mnist-classifier' } } },
    field: 'spec.sampling.count',
    says: /2 at least/,
  },
  {
    title: 'a grey extractor for colour',
    spec: { ...dataset({ image: { size: 28, channels: 3 } }), evaluation: { extractor: { name: 'mnist-classifier' } } },
    field: 'spec.evaluation.extractor.name',
    says: /grey images only/,
  },
  {
    title: 'two references',
    spec: {
      evaluation: {
        extractor: { name: 'mnist-classifier' },
        reference: { fromDataset: {}, file: { volume: { claimName: 'data', path: 'ref.npz' } } },
      },
    },
    field: 'spec.evaluation.reference',
    says: /exactly one/,
  },
  {
    title: 'maxParallel 0',
    spec: { execution: { maxParallel: 0 } },
    field: 'spec.execution.maxParallel',
    says: /greater than or equal to 1|>=1/,
  },
  {
    title: 'a limit that is no quantity',
    spec: { execution: { resources: { limits: { memory: '8Gib' } } } },
    field: 'spec.execution.resources.limits.memory',
    says: /quantity|should match/,
  },
  {
    title: 'a negative request',
    spec: { execution: { resources: { requests: { cpu: -1 } } } },
    field: 'spec.execution.resources.requests.cpu',
    says: /0 or more|greater than or equal to 0/,
  },
  {
    title: 'a limit that is a truth',
    spec: { execution: { resources: { limits: { cpu: true } } } },
    field: 'spec.execution.resources.limits.cpu',
    says: /quantity|must not validate/,
  },
  {
    title: 'half a byte as the size of a claim',
    spec: shared({ size: 0.5 }),
    field: 'spec.checkpoints.volume.shared.size',
    says: /quantity|integer,string/,
  },
  {
    title: "a label of Jobs that is the operator's",
    spec: { execution: { jobTemplate: { metadata: { labels: { 'tspace.dev/run': 'x' } } } } },
    field: 'spec.execution.jobTemplate.metadata.labels',
    says: /set by the operator/,
  },
  {
    title: 'a label of Jobs that no object can have',
    spec: { execution: { jobTemplate: { metadata: { labels: { 'a b': 'x' } } } } },
    field: 'spec.execution.jobTemplate.metadata.labels',
    says: /names such as/,
  },
  {
    title: 'a queue whose name fits no label',
    spec: { execution: { queueName: 'q'.repeat(64) } },
    field: 'spec.execution.queueName',
    says: /63/,
  },
  { title: 'a field that does not exist', spec: { trainning: {} }, field: 'spec', says: /trainning/ },
  {
    title: 'a micro-batch that does not divide the batch',
    spec: { training: { batchSize: 12, microBatchSize: 5 } },
    field: 'spec.training.microBatchSize',
    says: /must divide training\.batchSize/,
  },
  {
    title: 'an override whose batch its micro-batch does not divide',
    spec: { training: { batchSize: 12, microBatchSize: 4 }, overrides: [{ states: '0', training: { batchSize: 10 } }] },
    field: 'spec.overrides',
    says: /of an override must divide its batchSize/,
  },
  {
    title: 'an average to sample with that no model has',
    spec: { training: { ema: { further: [100] } }, sampling: { ema: 2 } },
    field: 'spec.sampling.ema',
    says: /training\.ema\.further/,
  },
];
