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
const labelled = (fields: object = {}) => dataset({ labels: { classes: 10, from: 'Idx', ...fields } });
const contexts = { path: 'c.npy', from: 'Npy', tokens: 4, width: 8 };
/** A run of latents of 8×8. */
const latent = (fields: object) => ({
  ...dataset({ image: { size: 32, channels: 1 }, ...fields }),
  codec: { name: 'AutoencoderKL', weights: { volume: { claimName: 'codec' } }, downsampling: 8, channels: 4 },
  sampling: { clip: false },
});
const source = (places: object) => dataset({ source: places });
const inBucket = (fields: object) => source({ s3: { bucket: 'data', ...fields } });
const urls = (...list: string[]) => source({ http: { urls: list } });
const shared = (fields: object) => ({ checkpoints: { volume: { shared: fields } } });
const perModel = (fields: object) => ({ checkpoints: { volume: { perModel: fields } } });

/** Every kind of mistake that the schema refuses; tried against zod and against a real API server. */
export const wrongRuns: WrongRun[] = [
  {
    title: 'an index of what are no shards',
    spec: dataset({ prepare: 'Index' }),
    field: 'spec.dataset.prepare',
    says: /format WebDataset or Parquet/,
  },
  {
    title: 'a cache of a copy',
    spec: dataset({ cache: { size: '1Gi' } }),
    field: 'spec.dataset.cache',
    says: /goes with prepare Index/,
  },
  {
    title: 'a cache of a size that is none',
    spec: dataset({ format: 'WebDataset', prepare: 'Index', cache: { size: '8 gigabytes' } }),
    field: 'spec.dataset.cache.size',
    says: /quantity|should match/,
  },
  {
    title: 'an index of images whose latents are learned from',
    spec: latent({ format: 'WebDataset', prepare: 'Index' }),
    field: 'spec.dataset.prepare',
    says: /must be Copy with codec AutoencoderKL/,
  },
  {
    title: 'a source of two places',
    spec: source({ volume: { claimName: 'data' }, s3: { bucket: 'data' } }),
    field: 'spec.dataset.source',
    says: /exactly one of volume, s3 and http/,
  },
  {
    title: 'a source of no place',
    spec: source({}),
    field: 'spec.dataset.source',
    says: /exactly one of volume, s3 and http/,
  },
  {
    title: 'an endpoint with a password',
    spec: inBucket({ endpoint: 'https://me:secret@minio' }),
    field: 'spec.dataset.source.s3.endpoint',
    says: /must be a URL such as|should match/,
  },
  {
    title: 'a prefix that leaves its bucket',
    spec: inBucket({ prefix: 'a/../../b' }),
    field: 'spec.dataset.source.s3.prefix',
    says: /relative path inside the bucket/,
  },
  {
    title: 'a path that leaves its prefix',
    spec: inBucket({ path: '../b' }),
    field: 'spec.dataset.source.s3.path',
    says: /relative path inside the prefix/,
  },
  {
    title: 'a file of this machine',
    spec: urls('file:///etc/passwd'),
    field: 'spec.dataset.source.http.urls[0]',
    says: /http or https URL|should match/,
  },
  {
    title: 'a range of URLs from the larger to the smaller',
    spec: urls('https://data.example/{0009..0001}.tar'),
    field: 'spec.dataset.source.http.urls[0]',
    says: /from a smaller number to a larger/,
  },
  {
    title: 'a range of more URLs than anybody means',
    spec: urls('https://data.example/a.tar', 'https://data.example/{0..999999}.tar'),
    field: 'spec.dataset.source.http.urls[1]',
    says: /100000 at most/,
  },
  {
    title: 'checkpoints nowhere',
    spec: { checkpoints: {} },
    field: 'spec.checkpoints',
    says: /exactly one of volume and objectStore/,
  },
  {
    title: 'checkpoints at two places',
    spec: { checkpoints: { volume: { shared: { size: '1Gi' } }, objectStore: { bucket: 'models' } } },
    field: 'spec.checkpoints',
    says: /exactly one of volume and objectStore/,
  },
  {
    title: 'latents in a folder of images',
    spec: latent({ format: 'ImageFolder', latents: {} }),
    field: 'spec.dataset.format',
    says: /must be Npy, Npz or Safetensors/,
  },
  {
    title: 'latents without a codec',
    spec: { ...latent({ format: 'Npy', latents: {} }), codec: {} },
    field: 'spec.codec.name',
    says: /set codec\.name to AutoencoderKL/,
  },
  {
    title: 'a spread of nothing but means',
    spec: latent({ format: 'Npy', latents: { spread: 'b.npy' } }),
    field: 'spec.dataset.latents.values',
    says: /say which of them it holds/,
  },
  {
    title: 'latents and a reference from the images',
    spec: { ...latent({ format: 'Npy', latents: {} }), evaluation: { extractor: { name: 'mnist-classifier' } } },
    field: 'spec.evaluation.reference',
    says: /must be a file with dataset\.latents/,
  },
  {
    title: 'latents that are clipped to [−1, 1]',
    spec: { ...latent({}), sampling: {} },
    field: 'spec.sampling.clip',
    says: /must be false with codec AutoencoderKL/,
  },
  {
    title: 'latents that are mirrored',
    spec: { ...latent({}), training: { horizontalFlips: true } },
    field: 'spec.training.horizontalFlips',
    says: /not the latent of the mirrored image/,
  },
  {
    title: 'latents that an override mirrors',
    spec: { ...latent({}), overrides: [{ states: '0', training: { horizontalFlips: true } }] },
    field: 'spec.training.horizontalFlips',
    says: /not the latent of the mirrored image/,
  },
  {
    title: 'images that latents do not divide',
    spec: latent({ image: { size: 28, channels: 1 } }),
    field: 'spec.dataset.image.size',
    says: /divisible by codec\.downsampling/,
  },
  {
    title: 'attention at a resolution that latents do not have',
    spec: { ...latent({}), model: { attentionResolutions: [32] } },
    field: 'spec.model.attentionResolutions',
    says: /its latents’/,
  },
  {
    title: 'an autoencoder without weights',
    spec: { codec: { name: 'AutoencoderKL' }, sampling: { clip: false } },
    field: 'spec.codec.weights',
    says: /go together/,
  },
  {
    title: 'pixels with a scaling factor',
    spec: { codec: { scalingFactor: 0.5 } },
    field: 'spec.codec.name',
    says: /are of AutoencoderKL/,
  },
  {
    title: 'a file to begin from',
    spec: {
      training: { warmStart: { volume: { claimName: 'other', path: 'unet/diffusion_pytorch_model.safetensors' } } },
    },
    field: 'spec.training.warmStart.volume.path',
    says: /must be the folder that has manifest\.json or config\.json/,
  },
  {
    title: 'a manifest to begin from',
    spec: { training: { warmStart: { volume: { claimName: 'other', path: 'bundles/0/manifest.json' } } } },
    field: 'spec.training.warmStart.volume.path',
    says: /not a file in it/,
  },
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
    title: 'groups that do not divide the channels',
    spec: { model: { normGroups: 7 } },
    field: 'spec.model.normGroups',
    says: /must divide baseChannels/,
  },
  {
    title: 'heads that do not divide the channels',
    spec: { model: { headChannels: 48 } },
    field: 'spec.model.headChannels',
    says: /must divide the channels of every level/,
  },
  {
    title: 'more depths than levels',
    spec: { model: { transformerDepths: [1, 1, 1, 1] } },
    field: 'spec.model.transformerDepths',
    says: /a depth per level/,
  },
  {
    title: 'class tokens that nothing looks at',
    spec: { model: { classEmbedding: 'Token' } },
    field: 'spec.model.classEmbedding',
    says: /set transformerDepths/,
  },
  {
    title: 'an override whose network does not fit what the run says',
    spec: { model: { normGroups: 16 }, overrides: [{ states: '8-9', model: { baseChannels: 24 } }] },
    field: 'spec.overrides',
    says: /normGroups must divide baseChannels/,
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
    title: 'a claim for all and one for each model',
    spec: { checkpoints: { volume: { shared: { size: '1Gi' }, perModel: { size: '1Gi' } } } },
    field: 'spec.checkpoints.volume',
    says: /exactly one of shared.*and perModel/,
  },
  {
    title: 'neither a claim for all nor one for each model',
    spec: { checkpoints: { volume: {} } },
    field: 'spec.checkpoints.volume',
    says: /exactly one of shared.*and perModel/,
  },
  {
    title: 'claims of models without a size',
    spec: perModel({ bundle: { size: '1Gi' } }),
    field: 'spec.checkpoints.volume.perModel.size',
    says: /required|quantity/i,
  },
  {
    title: 'claims of models of several nodes',
    spec: perModel({ size: '1Gi', accessModes: ['ReadWriteMany'] }),
    field: 'spec.checkpoints.volume.perModel',
    says: /accessModes/,
  },
  {
    title: 'images that each model would encode for itself',
    spec: {
      ...latent({ latents: undefined, format: 'ImageFolder' }),
      ...perModel({ size: '1Gi' }),
    },
    field: 'spec.checkpoints.volume.perModel',
    says: /do not agree bit for bit/,
  },
  {
    title: 'waves of no claim',
    spec: { execution: { aggregation: { claimsPerWave: 0 } } },
    field: 'spec.execution.aggregation.claimsPerWave',
    says: />=1|greater than or equal to 1/,
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
    title: 'guidance without conditions',
    spec: { sampling: { guidance: { scale: 2 } } },
    field: 'spec.sampling.guidance.scale',
    says: /guidance needs conditions/,
  },
  {
    title: 'guidance without conditionDropout',
    spec: { ...labelled(), sampling: { guidance: { scale: 2 } } },
    field: 'spec.sampling.guidance.scale',
    says: /set training.conditionDropout/,
  },
  {
    title: 'guidance of states whose override drops no condition',
    spec: {
      ...labelled(),
      training: { conditionDropout: 0.1 },
      overrides: [{ states: '2-3', training: { conditionDropout: 0 } }],
      sampling: { guidance: { scale: 2, states: '3-9' } },
    },
    field: 'spec.overrides',
    says: /leave them out of guidance.states/,
  },
  {
    title: 'guidance of states that are not there',
    spec: { ...labelled(), training: { conditionDropout: 0.1 }, sampling: { guidance: { scale: 2, states: '8-10' } } },
    field: 'spec.sampling.guidance.states',
    says: /states run from 0/,
  },
  {
    title: 'guidance of a range backwards',
    spec: { ...labelled(), training: { conditionDropout: 0.1 }, sampling: { guidance: { scale: 2, states: '8-2' } } },
    field: 'spec.sampling.guidance.states',
    says: /lower state first/,
  },
  {
    title: 'conditionDropout without conditions',
    spec: { training: { conditionDropout: 0.1 } },
    field: 'spec.training.conditionDropout',
    says: /conditionDropout needs conditions/,
  },
  {
    title: 'conditionDropout of an override without conditions',
    spec: { overrides: [{ states: '2', training: { conditionDropout: 0.1 } }] },
    field: 'spec.training.conditionDropout',
    says: /conditionDropout needs conditions/,
  },
  {
    title: 'classes of samples without classes of images',
    spec: { sampling: { labels: {} } },
    field: 'spec.sampling.labels',
    says: /needs classes/,
  },
  {
    title: 'a sample of a class that is not there',
    spec: { ...labelled(), sampling: { labels: { from: 'Listed', list: [3, 10] } } },
    field: 'spec.sampling.labels.list',
    says: /from 0 to dataset.labels.classes − 1/,
  },
  {
    title: 'a list of labels that is not asked for',
    spec: { ...labelled(), sampling: { labels: { list: [3] } } },
    field: 'spec.sampling.labels.list',
    says: /go together/,
  },
  {
    title: 'contexts of images without contexts of samples',
    spec: { ...dataset({ contexts: contexts }), model: { transformerDepths: [1] } },
    field: 'spec.sampling.contexts',
    says: /go together/,
  },
  {
    title: 'contexts that no transformer looks at',
    spec: { ...dataset({ contexts: contexts }), sampling: { contexts: { path: 'p.npy', from: 'Npy' } } },
    field: 'spec.dataset.contexts',
    says: /set model.transformerDepths/,
  },
  {
    title: 'contexts of an npz without a name',
    spec: dataset({ contexts: { ...contexts, from: 'Npz' } }),
    field: 'spec.dataset.contexts.array',
    says: /array names the array/,
  },
  {
    title: 'class folders of an array',
    spec: labelled({ from: 'ClassFolders' }),
    field: 'spec.dataset.labels.from',
    says: /ImageFolder or ImageZip/,
  },
  {
    title: 'a column of labels without Parquet',
    spec: labelled({ from: 'Column' }),
    field: 'spec.dataset.labels.from',
    says: /labels from Column those of Parquet/,
  },
  {
    title: 'labels beside images of a WebDataset, in Parquet',
    spec: dataset({ format: 'Parquet', labels: { classes: 10, from: 'Cls' } }),
    field: 'spec.dataset.labels.from',
    says: /Cls and Json are those of format WebDataset/,
  },
  {
    title: 'a field of labels that have none',
    spec: dataset({ format: 'WebDataset', labels: { classes: 10, from: 'Cls', field: 'label' } }),
    field: 'spec.dataset.labels.field',
    says: /for labels from Json and Column/,
  },
  {
    title: 'a file of labels that come with the images',
    spec: dataset({ format: 'WebDataset', labels: { classes: 10, from: 'Cls', path: 'y.npy' } }),
    field: 'spec.dataset.labels.path',
    says: /for labels from Idx, Npz, Npy and Safetensors/,
  },
  {
    title: 'a field of images that are no shards',
    spec: dataset({ field: 'image' }),
    field: 'spec.dataset.field',
    says: /for format WebDataset and Parquet/,
  },
  {
    title: 'labels of an npz that is not named',
    spec: labelled({ from: 'Npz', array: 'y' }),
    field: 'spec.dataset.labels.path',
    says: /must name the file of labels/,
  },
  {
    title: 'labels of an npz without the name of the array',
    spec: labelled({ from: 'Npz', path: 'a.npz' }),
    field: 'spec.dataset.labels.array',
    says: /go together/,
  },
  {
    title: 'labels of an npy without a path',
    spec: labelled({ from: 'Npy' }),
    field: 'spec.dataset.labels.path',
    says: /must name the file/,
  },
  {
    title: 'one class',
    spec: labelled({ classes: 1 }),
    field: 'spec.dataset.labels.classes',
    says: /greater than or equal to 2|>=2/,
  },
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
