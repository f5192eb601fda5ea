import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { kind } from '../../../../src/api/names.ts';
import { parseRun } from '../../../../src/api/run.ts';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { addressesOf, type Data, modelPlans, warmStartOf } from '../../../../src/operator/plan/identity.ts';
import { conditioned, conditionedLatents, everything } from '../../../helpers/everything.ts';
import { minimalRun } from '../../../helpers/runs.ts';
import { type Change, changesOf } from '../../../helpers/schemaChanges.ts';

const root = join(import.meta.dirname, '../../../..');
const fixture = 'test/fixtures/addresses.json';
const data: Data = { digest: 'd'.repeat(64), referenceDigest: 'a'.repeat(64), weightsDigest: 'b'.repeat(64) };

function addresses(spec: unknown, found: Data = data) {
  const parsed = specSchema.parse(spec);
  return addressesOf(parsed, modelPlans(parsed), found);
}

function specsOfExamples(): [string, unknown][] {
  return globSync('examples/*.yaml', { cwd: root })
    .sort()
    .flatMap((file) => {
      const documents = loadAll(readFileSync(join(root, file), 'utf8')) as { kind?: string }[];
      return documents
        .filter((document) => document.kind === kind)
        .map((document): [string, unknown] => [file, parseRun(document).spec]);
    });
}

test('addresses are those that were published', () => {
  const made = Object.fromEntries(
    [
      ...specsOfExamples(),
      ['a spec that sets everything', everything] as const,
      ['a spec with conditions', conditioned] as const,
      ['a spec with conditions of latents', conditionedLatents] as const,
    ].map(([name, spec]) => [name, addresses(spec)]),
  );
  assert.deepEqual(
    made,
    JSON.parse(readFileSync(join(root, fixture), 'utf8')),
    `An address has moved: everybody's models of it would be trained anew. If a default was changed, or a field that is hashed
was renamed, take that back: docs/adr/0002 says how a field is added instead. If it moved on purpose, because an example
changed, or because the trainer makes something else of the same task and addressFormat was raised, write the new ones
into ${fixture}, and tell people in CHANGELOG.md what is trained anew.`,
  );
});

/** Fields of the spec that are in no address, each with the reason. Every other field has to move one. */
const unaddressed: Record<string, string> = {
  'sampling.sampler': 'has one value only, which is its default and so is left out',
  'evaluation.metrics': 'has one value only, which is its default and so is left out',
  'overrides[].podTemplate': 'how pods run does not change what they make',
  'execution.maxParallel': 'how many pods run at once does not change what they make',
  'execution.aggregation.claimsPerWave': 'by how many models are gathered does not change them',
  'execution.retries.perModel': 'says when to give up',
  'execution.retries.total': 'says when to give up',
  'execution.deadlines.modelSeconds': 'says when to give up',
  'execution.deadlines.runSeconds': 'says when to give up',
  'execution.queueName': 'who admits a pod does not change what it makes',
  'execution.image': 'a trainer that makes something else of the same task raises addressFormat',
  'execution.resources.limits': 'how pods run does not change what they make; threads are set, not left to the node',
  'execution.resources.requests': 'how pods run does not change what they make',
  'execution.podTemplate': 'how pods run does not change what they make',
  'execution.steps.prepare.podTemplate': 'how pods run does not change what they make',
  'execution.steps.train.podTemplate': 'how pods run does not change what they make',
  'execution.steps.aggregate.podTemplate': 'how pods run does not change what they make',
  'execution.steps.sample.podTemplate': 'how pods run does not change what they make',
  'execution.steps.evaluate.podTemplate': 'how pods run does not change what they make',
  'execution.jobTemplate.metadata.labels': 'how Jobs are counted and admitted does not change what they make',
  'execution.jobTemplate.metadata.annotations': 'how Jobs are counted and admitted does not change what they make',
  'checkpoints.volume.shared.size': 'where things lie does not change them',
  'checkpoints.volume.shared.storageClassName': 'where things lie does not change them',
  'checkpoints.volume.shared.accessModes': 'where things lie does not change them',
  'checkpoints.volume.shared.whenDeleted': 'what becomes of the claim after the run does not change what is on it',
  'checkpoints.volume.shared.claimName': 'where things lie does not change them',
  'checkpoints.volume.perModel.size': 'where things lie does not change them',
  'checkpoints.volume.perModel.storageClassName': 'where things lie does not change them',
  'checkpoints.volume.perModel.bundle.size': 'where things lie does not change them',
  'checkpoints.volume.perModel.whenBundled': 'what becomes of the claims does not change what was on them',
  'checkpoints.volume.perModel.whenDeleted': 'what becomes of the claims does not change what was on them',
  'checkpoints.objectStore.endpoint': 'where things lie does not change them',
  'checkpoints.objectStore.bucket': 'where things lie does not change them',
  'checkpoints.objectStore.prefix': 'where things lie does not change them',
  'checkpoints.objectStore.region': 'where things lie does not change them',
  'checkpoints.objectStore.addressing': 'where things lie does not change them',
  'checkpoints.objectStore.secretName': 'where things lie does not change them',
  'checkpoints.everyImages': 'a resumed model is the same bit for bit',
  'checkpoints.keep': 'how many checkpoints are kept does not change the last',
  suspend: 'when a model is trained does not change it',
  cancel: 'what has been made stays as it is',
  ttlSecondsAfterFinished: 'what has been made stays as it is',
};

/** Without the codec that `everything` has. */
const pixels: Change = { codec: undefined, dataset: { latents: undefined, image: { size: 32 } } };

/** With claims of models in place of the one that they share. */
const perModel = (fields: Change): Change => ({
  checkpoints: { volume: { shared: undefined, perModel: { size: '1Gi', ...fields } } },
});

/** The source, or the store, at a place of another kind, of which one field is not what it is by default. */
const elsewhere = (kind: 's3' | 'http', fields: object): Change => ({
  dataset: { source: { volume: undefined, [kind]: { ...(kind === 's3' && { bucket: 'data' }), ...fields } } },
});
const inBucket = (fields: object): Change => ({
  checkpoints: { volume: undefined, objectStore: { bucket: 'data', ...fields } },
});

/** Images in shards, of which a field says which, and another one which labels. */
const inShards = (fields: object, labels: object): Change => ({
  codec: undefined,
  dataset: {
    latents: undefined,
    image: { size: 32 },
    format: 'Parquet',
    array: undefined,
    labels: { from: 'Column', array: undefined, path: undefined, ...labels },
    ...fields,
  },
});

/** Changes that a value of the field's own type cannot be: rules tie fields together. */
const tied: Record<string, Change> = {
  'schedule.states': { schedule: { states: 2, indices: [9, 499] }, overrides: [] },
  'schedule.statesPerModel': { schedule: { statesPerModel: 1 } },
  'schedule.timesteps': { schedule: { timesteps: 600 } },
  'schedule.spacing': { schedule: { spacing: 'Uniform', indices: undefined } },
  'schedule.indices': { schedule: { indices: [9, 99, 299, 498] } },
  'dataset.source.s3.endpoint': elsewhere('s3', { endpoint: 'http://minio:9000' }),
  'dataset.source.s3.bucket': elsewhere('s3', {}),
  'dataset.source.s3.prefix': elsewhere('s3', { prefix: 'a' }),
  'dataset.source.s3.region': elsewhere('s3', { region: 'eu-central-1' }),
  'dataset.source.s3.addressing': elsewhere('s3', { addressing: 'Path' }),
  'dataset.source.s3.secretName': elsewhere('s3', { secretName: 'a' }),
  'dataset.source.s3.path': elsewhere('s3', { path: 'a' }),
  'dataset.source.http.urls': elsewhere('http', { urls: ['http://a/b'] }),
  'dataset.source.http.path': elsewhere('http', { urls: ['http://a/b'], path: 'b' }),
  'checkpoints.objectStore.endpoint': inBucket({ endpoint: 'http://minio:9000' }),
  'checkpoints.objectStore.bucket': inBucket({}),
  'checkpoints.objectStore.prefix': inBucket({ prefix: 'a' }),
  'checkpoints.objectStore.region': inBucket({ region: 'eu-central-1' }),
  'checkpoints.objectStore.addressing': inBucket({ addressing: 'Path' }),
  'checkpoints.objectStore.secretName': inBucket({ secretName: 'a' }),
  'dataset.format': { dataset: { format: 'Npy' } },
  'dataset.latents.values': { dataset: { latents: { values: 'MeanAndDeviation' } } },
  'codec.name': pixels,
  'sampling.clip': { ...pixels, sampling: { clip: true } },
  'training.horizontalFlips': { ...pixels, training: { horizontalFlips: true } },
  'overrides[].training.horizontalFlips': { ...pixels, overrides: [{ training: { horizontalFlips: true } }] },
  'codec.downsampling': { codec: { downsampling: 4 } },
  'dataset.image.size': { dataset: { image: { size: 32 } }, model: { attentionResolutions: [16] } },
  'dataset.image.channels': { dataset: { image: { channels: 1 } } },
  'dataset.labels.from': { dataset: { labels: { from: 'Npy', array: undefined } } },
  'dataset.field': inShards({ field: 'image' }, {}),
  'dataset.prepare': inShards({ prepare: 'Index' }, {}),
  'dataset.cache.size': inShards({ prepare: 'Index', cache: { size: '1Gi' } }, {}),
  'dataset.labels.field': inShards({}, { field: 'label' }),
  'dataset.contexts.from': { dataset: { contexts: { from: 'Npy', array: undefined } } },
  'sampling.contexts.from': { sampling: { contexts: { from: 'Npy', array: undefined } } },
  'sampling.labels.from': { sampling: { labels: { from: 'Data', list: undefined } } },
  'model.attentionResolutions': { model: { attentionResolutions: [32] } },
  'model.transformerDepths': { model: { transformerDepths: [1] } },
  'model.headChannels': { model: { headChannels: 8 } },
  'model.projections': { model: { projections: 'Linear' } },
  'model.normGroups': { model: { normGroups: 16 } },
  'model.normEpsilon': { model: { normEpsilon: 1e-6 } },
  'model.dropout': { model: { dropout: 0.1 } },
  'model.downsamplePadding': { model: { downsamplePadding: 'Both' } },
  'model.timeEmbedding': { model: { timeEmbedding: 'Always' } },
  'model.timeOrder': { model: { timeOrder: 'SineFirst' } },
  'model.timeFrequencyShift': { model: { timeFrequencyShift: 1 } },
  'model.classEmbedding': { model: { classEmbedding: 'None' } },
  'model.classTokenWidth': { model: { classTokenWidth: 64 } },
  'overrides[].model.transformerDepths': { overrides: [{ model: { transformerDepths: [1] } }] },
  'overrides[].model.headChannels': { overrides: [{ model: { headChannels: 8 } }] },
  'overrides[].model.projections': { overrides: [{ model: { projections: 'Linear' } }] },
  'overrides[].model.normGroups': { overrides: [{ model: { normGroups: 16 } }] },
  'overrides[].model.normEpsilon': { overrides: [{ model: { normEpsilon: 1e-6 } }] },
  'overrides[].model.dropout': { overrides: [{ model: { dropout: 0.1 } }] },
  'overrides[].model.downsamplePadding': { overrides: [{ model: { downsamplePadding: 'Both' } }] },
  'overrides[].model.timeEmbedding': { overrides: [{ model: { timeEmbedding: 'Always' } }] },
  'overrides[].model.timeOrder': { overrides: [{ model: { timeOrder: 'SineFirst' } }] },
  'overrides[].model.timeFrequencyShift': { overrides: [{ model: { timeFrequencyShift: 1 } }] },
  'overrides[].model.classEmbedding': { overrides: [{ model: { classEmbedding: 'None' } }] },
  'overrides[].model.classTokenWidth': { overrides: [{ model: { classTokenWidth: 64 } }] },
  'training.microBatchSize': { training: { microBatchSize: 2 } },
  'overrides[].states': { overrides: [{ states: '0-1' }] },
  'overrides[].training.microBatchSize': { overrides: [{ training: { microBatchSize: 4 } }] },
  'overrides[].model.attentionResolutions': { overrides: [{ model: { attentionResolutions: [32] } }] },
  'checkpoints.volume.shared.claimName': {
    checkpoints: {
      volume: { shared: { claimName: 'other', size: undefined, storageClassName: undefined, accessModes: undefined } },
    },
  },
  ...Object.fromEntries(
    Object.entries({
      size: {},
      storageClassName: { storageClassName: 'slow' },
      'bundle.size': { bundle: { size: '2Gi' } },
      whenBundled: { whenBundled: 'Delete' },
      whenDeleted: { whenDeleted: 'Delete' },
    }).map(([field, change]) => [`checkpoints.volume.perModel.${field}`, perModel(change)]),
  ),
  'evaluation.extractor.name': {
    dataset: { image: { channels: 1 } },
    evaluation: { extractor: { name: 'mnist-classifier', weights: undefined } },
  },
  'evaluation.reference.fromDataset.limit': {
    ...pixels,
    evaluation: { reference: { file: undefined, fromDataset: { limit: 7 } } },
  },
};

test('every field of the spec moves an address, or is listed as one that does not', () => {
  const before = addresses(conditionedLatents);
  const seen = new Set<string>();
  for (const { path, changed } of changesOf(specSchema, conditionedLatents, tied)) {
    seen.add(path);
    if (changed === undefined) {
      assert.ok(path in unaddressed, `${path} has one value only: list it, with the reason`);
      continue;
    }
    const after = addresses(changed);
    if (path in unaddressed) assert.deepEqual(after, before, `${path} is listed as one that moves no address`);
    else assert.notDeepEqual(after, before, `${path} moves no address: put it into one, or list it with the reason`);
  }
  assert.deepEqual(
    Object.keys(unaddressed).filter((path) => !seen.has(path)),
    [],
    'fields that are listed, but not in the schema',
  );
});

test('clipping, flips and a limit of the reference move samples, models and report also where nothing else is another', () => {
  const { spec } = minimalRun();
  const before = addresses(spec);
  const training = { horizontalFlips: true };
  assert.notDeepEqual(addresses({ ...spec, training }).models, before.models);
  const one = addresses({ ...spec, overrides: [{ states: '3', training }] }).models;
  assert.deepEqual(
    one.flatMap((hash, i) => (hash === before.models[i] ? [] : [i])),
    [3],
  );
  assert.notEqual(addresses({ ...spec, sampling: { clip: false } }).samples, before.samples);
  const judged = (fromDataset: object) =>
    addresses({ ...spec, evaluation: { extractor: { name: 'mnist-classifier' }, reference: { fromDataset } } }).report;
  assert.notEqual(judged({ limit: 7 }), judged({}));
});

test('another autoencoder moves the samples and what follows, and no model', () => {
  const before = addresses(everything, { ...data, codecDigest: 'c'.repeat(64) });
  const after = addresses(everything, { ...data, codecDigest: 'd'.repeat(64) });
  assert.deepEqual([after.models, after.bundle, after.prepare], [before.models, before.bundle, before.prepare]);
  for (const what of ['samples', 'sampleJob', 'report'] as const) assert.notEqual(after[what], before[what]);
});

test('weights to begin from move all models and what follows by what they are, not by where they lie', () => {
  const { spec } = minimalRun();
  const begin = (path: string, found: Data) =>
    addresses({ ...spec, training: { warmStart: { volume: { claimName: 'other', path } } } }, found);
  const [first, second] = ['c', 'd'].map((digit) => ({ ...data, warmStartDigest: digit.repeat(64) })) as [Data, Data];
  const [anew, before] = [addresses(spec), begin('a', first)];
  for (const after of [anew, begin('a', second)]) {
    assert.ok(after.models.every((hash, i) => hash !== before.models[i]));
    for (const what of ['bundle', 'samples', 'sampleJob', 'report'] as const)
      assert.notEqual(after[what], before[what]);
    assert.equal(after.dataset, before.dataset);
  }
  const moved = begin('b', first);
  assert.notEqual(moved.prepare, before.prepare, 'it is looked at anew');
  assert.deepEqual({ ...moved, prepare: '' }, { ...before, prepare: '' });
});

test('weights to begin from are held against the networks anew when those change, and not for other settings', () => {
  const { spec } = minimalRun();
  const warmStart = { volume: { claimName: 'other' } };
  const prepare = (fields: object, start: object = { warmStart }) =>
    addresses({ ...spec, ...fields, training: { ...start, ...(fields as { training?: object }).training } }).prepare;
  const networks = [
    { model: { baseChannels: 16 } },
    { training: { prediction: 'Epsilon' } },
    { schedule: { states: 5 } },
    { overrides: [{ states: '0', model: { normGroups: 16 } }] },
  ];
  for (const fields of networks) {
    assert.notEqual(prepare(fields), prepare({}));
    assert.equal(prepare(fields, {}), prepare({}, {}), 'a run that begins anew has none');
  }
  for (const fields of [{ training: { seed: 5 } }, { overrides: [{ states: '0', training: { images: 5 } }] }])
    assert.equal(prepare(fields), prepare({}));
});

test('networks to hold against weights are each listed once, with the models that have them', () => {
  const parsed = specSchema.parse({
    ...minimalRun().spec,
    training: { warmStart: { volume: { claimName: 'other', path: 'a' } } },
    overrides: [
      { states: '1', model: { baseChannels: 16 } },
      { states: '2', training: { seed: 7 } },
    ],
  });
  const { volume, networks = [] } = warmStartOf(parsed) ?? {};
  assert.deepEqual(volume, { claimName: 'other', path: 'a' });
  const others = modelPlans(parsed).flatMap(({ index }) => (index === 1 ? [] : [index]));
  assert.deepEqual(
    networks.map(({ model, models }) => [model.baseChannels, models]),
    [
      [32, others],
      [16, [1]],
    ],
  );
  assert.equal(warmStartOf(specSchema.parse(minimalRun().spec)), undefined);
});

test('prompts and autoencoder each move the samples of a run that has both', () => {
  const found = { ...data, promptsDigest: 'c'.repeat(64), codecDigest: 'c'.repeat(64) };
  const before = addresses(conditionedLatents, found);
  const others = (['promptsDigest', 'codecDigest'] as const).map((digest) =>
    addresses(conditionedLatents, { ...found, [digest]: 'd'.repeat(64) }),
  );
  for (const { models, bundle, prepare } of others)
    assert.deepEqual([models, bundle, prepare], [before.models, before.bundle, before.prepare]);
  for (const what of ['samples', 'sampleJob', 'report'] as const)
    assert.equal(new Set([before, ...others].map((each) => each[what])).size, 3, what);
});

test('the threads of training are in what they decide: models, samples and report', () => {
  const { spec } = minimalRun();
  const [two, three] = [addresses(spec), addresses({ ...spec, training: { threads: 3 } })];
  assert.equal(two.prepare, three.prepare);
  for (const what of ['bundle', 'samples', 'sampleJob', 'report'] as const) assert.notEqual(two[what], three[what]);
  assert.ok(two.models.every((hash, i) => hash !== three.models[i]));
});

test('an override of a model moves its address, and the bundle’s, and no other model’s', () => {
  const { spec } = minimalRun();
  const [before, after] = [
    addresses(spec),
    addresses({ ...spec, overrides: [{ states: '3', training: { seed: 9 } }] }),
  ];
  const moved = before.models.flatMap((hash, i) => (hash === after.models[i] ? [] : [i]));
  assert.deepEqual(moved, [3]);
  assert.notEqual(before.bundle, after.bundle);
});

test('an override that says what the run says moves nothing', () => {
  const { spec } = minimalRun();
  assert.deepEqual(addresses({ ...spec, overrides: [{ states: '3', training: { seed: 0 } }] }), addresses(spec));
});

test('other data move every address but that of the step that reads them', () => {
  const { spec } = minimalRun();
  const [before, after] = [addresses(spec), addresses(spec, { ...data, digest: 'e'.repeat(64) })];
  assert.equal(before.prepare, after.prepare);
  for (const what of ['dataset', 'bundle', 'samples', 'sampleJob', 'report'] as const)
    assert.notEqual(before[what], after[what]);
});

test('other weights of the extractor move features and report; another reference moves the report only', () => {
  const before = addresses(everything);
  const weights = addresses(everything, { ...data, weightsDigest: 'c'.repeat(64) });
  assert.deepEqual({ ...weights, sampleJob: '', report: '' }, { ...before, sampleJob: '', report: '' });
  assert.ok(weights.sampleJob !== before.sampleJob && weights.report !== before.report);
  const reference = addresses(everything, { ...data, referenceDigest: 'c'.repeat(64) });
  assert.deepEqual({ ...reference, report: '' }, { ...before, report: '' });
  assert.notEqual(reference.report, before.report);
});

test('the data are not read anew because of what is sampled or judged, only for other files', () => {
  const { spec } = minimalRun();
  const judged = { ...spec, evaluation: { extractor: { name: 'mnist-classifier' } } };
  assert.equal(addresses(judged).prepare, addresses(spec).prepare);
  assert.equal(
    addresses({ ...everything, sampling: { count: 9, clip: false } }).prepare,
    addresses(everything).prepare,
  );
  const other = { ...everything.evaluation, reference: { file: { volume: { claimName: 'other', path: 'x.npz' } } } };
  assert.notEqual(addresses({ ...everything, evaluation: other }).prepare, addresses(everything).prepare);
});

test('other prompts move the samples and what follows from them, and train nothing anew', () => {
  const [before, after] = ['a', 'b'].map((digit) =>
    addresses(conditioned, { ...data, promptsDigest: digit.repeat(64) }),
  );
  assert.ok(before !== undefined && after !== undefined);
  assert.deepEqual(after.models, before.models);
  for (const what of ['samples', 'sampleJob', 'report'] as const) assert.notEqual(after[what], before[what]);
});

test('data elsewhere are other data until they have been read: every field of where they are moves prepare, and no model', () => {
  const { spec } = minimalRun();
  const at = (source: object) => addresses({ ...spec, dataset: { ...(spec.dataset as object), source } });
  const s3 = { bucket: 'data', endpoint: 'http://minio:9000', path: 'mnist' };
  const http = { urls: ['http://minio:9000/mnist/train-images-idx3-ubyte'] };
  const changes = { prefix: 'a', region: 'b', addressing: 'VirtualHost', secretName: 'd', path: 'e', bucket: 'others' };
  const all = [
    at({ volume: { claimName: 'data', path: 'mnist' } }),
    at({ s3 }),
    ...Object.entries(changes).map(([name, value]) => at({ s3: { ...s3, [name]: value } })),
    at({ http }),
    at({ http: { ...http, path: 'train-images-idx3-ubyte' } }),
    at({ http: { urls: ['http://minio:9000/mnist/t10k-images-idx3-ubyte'] } }),
  ];
  assert.equal(new Set(all.map(({ prepare }) => prepare)).size, all.length);
  assert.equal(new Set(all.map(({ models }) => models.join())).size, 1);
});

test('which images and which labels of shards are learned from moves prepare, and no model until they have been read', () => {
  const { spec } = minimalRun();
  const of = (fields: object, labels: object) =>
    addresses({
      ...spec,
      dataset: {
        ...(spec.dataset as object),
        format: 'Parquet',
        labels: { classes: 3, from: 'Column', ...labels },
        ...fields,
      },
    });
  const all = [of({}, {}), of({ field: 'image' }, {}), of({}, { field: 'label' })];
  assert.equal(new Set(all.map(({ prepare }) => prepare)).size, 3);
  assert.equal(new Set(all.map(({ models }) => models.join())).size, 1);
});

test('an index is another preparation of the same data: it trains nothing anew, and neither does another cache', () => {
  const { spec } = minimalRun();
  const shards = { ...(spec.dataset as object), format: 'WebDataset' };
  const found = (dataset: object, path: string) => addresses({ ...spec, dataset }, { ...data, path });
  const copy = found(shards, `datasets/${'d'.repeat(16)}`);
  const index = found({ ...shards, prepare: 'Index' }, `datasets/${'d'.repeat(16)}-${'e'.repeat(16)}`);
  assert.notEqual(index.prepare, copy.prepare);
  assert.deepEqual([copy.dataset, index.dataset], ['d'.repeat(16), `${'d'.repeat(16)}-${'e'.repeat(16)}`]);
  const { prepare: _prepare, dataset: _dataset, ...others } = copy;
  assert.deepEqual({ ...index, ...others }, index);
  const cached = { ...shards, prepare: 'Index', cache: { size: '1Gi' } };
  assert.equal(addresses({ ...spec, dataset: cached }).prepare, index.prepare);
});
