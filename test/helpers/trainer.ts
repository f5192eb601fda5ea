import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { runLayout } from '../../src/api/layout.ts';
import type { Progress } from '../../src/api/progress.ts';
import { parseRun } from '../../src/api/run.ts';
import type { ImageShape } from '../../src/api/spec/dataset.ts';
import type { Spec } from '../../src/api/spec/spec.ts';
import type { AggregateTask, EvaluateTask, SampleTask, TrainTask } from '../../src/api/task.ts';
import { normals, streams } from '../../src/diffusion/random.ts';
import { runAggregate } from '../../src/trainer/aggregate/aggregate.ts';
import { type ContextsContent, conditionsOf } from '../../src/trainer/artifacts/conditions.ts';
import { openDataset, startDigest } from '../../src/trainer/artifacts/dataset.ts';
import { saveFinal } from '../../src/trainer/artifacts/finalModel.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import { type PreparedRecord, savePrepared } from '../../src/trainer/artifacts/prepared.ts';
import { promptsContent, promptsRecordOf } from '../../src/trainer/artifacts/prompts.ts';
import { saveDataset } from '../../src/trainer/artifacts/saveDataset.ts';
import type { ArtifactStore } from '../../src/trainer/artifacts/store.ts';
import type { TrainerContext } from '../../src/trainer/context/context.ts';
import { bytesPerImage, type ImageSource } from '../../src/trainer/data/imageSource.ts';
import type { Labels } from '../../src/trainer/data/labels.ts';
import { conditioningOf } from '../../src/trainer/model/conditioning.ts';
import { type ParameterSpec, totalSize, unetConfig } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { temporaryFolder } from './folder.ts';
import { withSpec } from './runs.ts';
import { weightsVector } from './unet.ts';

/** A store over a folder, and where things are in it. */
export interface TestStore {
  root: string;
  store: ArtifactStore;
}

export function temporaryStore(t: TestContext): TestStore {
  const root = temporaryFolder(t);
  return { root, store: createPosixStore(root) };
}

/** A trainer process's context that logs nothing and remembers its progress. */
export function trainerContext(
  store: ArtifactStore,
  fields: Partial<TrainerContext> = {},
): TrainerContext & { reported: Progress[] } {
  const reported: Progress[] = [];
  return {
    store,
    volumes: {},
    logger: pino({ level: 'silent' }),
    progress: (progress) => reported.push(progress),
    signal: new AbortController().signal,
    seconds: () => 0,
    gpuGiven: false,
    completionIndex: 0,
    ...fields,
    reported,
  };
}

/** Images in memory as a source. */
export function memorySource(pixels: Uint8Array, shape: ImageShape): ImageSource {
  const size = bytesPerImage(shape);
  const count = pixels.length / size;
  return {
    count,
    shape,
    digest: startDigest(count, shape).update(pixels).digest('hex'),
    batch: async (first, many) => pixels.slice(first * size, (first + many) * size),
  };
}

/** What images of a test are told apart by. */
export interface TestConditions {
  labels?: Labels;
  /** [count, tokens, width]. */
  contexts?: { tokens: number; width: number; values: Float32Array };
}

/** Contexts of a test on their way into a store. */
export function contextsContent({ tokens, width, values }: NonNullable<TestConditions['contexts']>): ContextsContent {
  async function* pieces() {
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  return { tokens, width, type: 'float32', count: values.length / tokens / width, pieces: pieces() };
}

/** Puts a prepared dataset into a store. @returns its address */
export async function preparedDataset(
  store: ArtifactStore,
  { count, shape, batch }: ImageSource,
  { labels, contexts }: TestConditions = {},
): Promise<string> {
  const size = bytesPerImage(shape);
  async function* pixels() {
    yield await batch(0, count);
  }
  const moments = () => ({ mean: new Float32Array(size).fill(-0.25), deviation: new Float32Array(size).fill(0.5) });
  const conditions = { labels: labels && (() => labels), contexts: contexts && contextsContent(contexts) };
  return (await saveDataset(store, { count, shape, pixels: pixels(), moments, ...conditions }, 'test')).address;
}

/** What was prepared of a source, as far as tests look at it. */
const preparedRecord = (hash: string, dataset: PreparedRecord['dataset']): PreparedRecord => ({
  format: 1,
  hash,
  dataset,
  source: { where: 'data/images.npy', fingerprint: '0'.repeat(64), reading: '0'.repeat(16) },
  leftOut: { count: 0, bySuffix: {}, examples: [] },
  broken: { count: 0, examples: [] },
  notices: [],
});

/** Puts contexts that samples are drawn to into a store. */
export async function preparedPrompts(
  store: ArtifactStore,
  folder: string,
  hash: string,
  contexts: NonNullable<TestConditions['contexts']>,
): Promise<void> {
  const prompts = await promptsRecordOf(() => contextsContent(contexts));
  const record = preparedRecord(hash, { address: '0'.repeat(16), count: 1, sha256: '0'.repeat(64) });
  await savePrepared(store, folder, { ...record, prompts }, promptsContent(contextsContent(contexts), prompts));
}

/** A run whose models are there, aggregated, with random weights; and its next tasks. */
export interface AggregatedRun extends TestStore {
  spec: Spec;
  trainTask: (index: number) => TrainTask;
  aggregateTask: AggregateTask;
  sampleTask: (fields?: Partial<SampleTask>) => SampleTask;
  evaluateTask: (fields?: Partial<EvaluateTask>) => EvaluateTask;
}

/** Initial weights, shaken, so that no layer's output is 0 as it is before training. */
function randomWeights(parameters: readonly ParameterSpec[], seed: number): Float32Array {
  const noise = normals(seed, streams.noise, 0, totalSize(parameters));
  return weightsVector(parameters, seed).map((value, i) => value + 0.1 * (noise[i] as number));
}

const hashOf = (index: number) => index.toString(16).padStart(16, '0');

/** Blobs of grey or colour, so that the data has some covariance: uint8 [N, size, size, channels]. */
export function blobs(count: number, { size, channels }: ImageShape): Uint8Array {
  const bytes = new Uint8Array(count * size * size * channels);
  for (let i = 0; i < count; i++) {
    const [a = 0, b = 0, c = 0] = normals(3, streams.noise, i, 3);
    for (let p = 0; p < size * size * channels; p++) {
      const [x, y] = [Math.floor(p / channels) % size, Math.floor(p / channels / size)];
      const distance = ((x / size - 0.5 - a / 8) ** 2 + (y / size - 0.5 - b / 8) ** 2) * 30;
      bytes[i * size * size * channels + p] = Math.round(255 * Math.exp(-distance - c ** 2 / 4));
    }
  }
  return bytes;
}

const directory = 'runs/test';
const [aggregateHash, sampleHash, evaluateHash, preparedHash] = [100, 200, 300, 400].map(hashOf) as [
  string,
  string,
  string,
  string,
];

/** Commits models with random weights, as trained from a prepared dataset. */
async function saveModels(store: ArtifactStore, tasks: readonly TrainTask[]): Promise<void> {
  for (const task of tasks) {
    const { shape, record } = await openDataset(store, task.dataset);
    const { statesPerModel } = task.schedule;
    const conditioning = conditioningOf(statesPerModel, task.model, conditionsOf(record));
    const parameters = parameterSpecs(unetConfig(task.model, shape), conditioning);
    await saveFinal(store, runLayout(directory).model(task.hash).final, {
      task,
      parameters,
      averages: [0, ...task.training.ema.further].map((_, i) => [randomWeights(parameters, task.index + 1000 * i)]),
      image: shape,
      dataset: { address: task.dataset, count: record.count, sha256: record.sha256 },
      images: 1000,
      seconds: 12,
      device: 'CPU',
      losses: [0, 250, 500, 750].map((seen) => ({ images: seen + 250, loss: 1 / (1 + seen / 100 + task.index) })),
    });
  }
}

/**
 * @param fields of the spec; the dataset's image is kept
 * @param images of the dataset
 */
export async function aggregatedRun(
  t: TestContext,
  fields: Record<string, unknown> = {},
  { size = 8, channels = 1 as 1 | 3, images = 40, conditions = {} as TestConditions } = {},
): Promise<AggregatedRun> {
  const { root, store } = temporaryStore(t);
  const { spec } = parseRun(
    withSpec({
      schedule: { states: 3 },
      dataset: {
        source: { volume: { claimName: 'data', path: 'images.npy' } },
        format: 'Npy',
        image: { size, channels },
      },
      model: { baseChannels: 8, channelMultipliers: [1, 2], residualBlocks: 1, attentionResolutions: [] },
      ...fields,
    }),
  );
  const source = memorySource(blobs(images, { size, channels }), { size, channels });
  const dataset = await preparedDataset(store, source, conditions);
  const { record } = await openDataset(store, dataset);
  const reference = { address: dataset, count: images, sha256: record.sha256 };
  await savePrepared(store, runLayout(directory).prepared(preparedHash), preparedRecord(preparedHash, reference));
  const { schedule, model, training, sampling } = spec;
  const trainTask = (index: number): TrainTask => ({
    kind: 'train',
    directory,
    hash: hashOf(index),
    index,
    schedule,
    dataset,
    model,
    training,
    checkpoints: { everyImages: 100, keep: 1 },
  });
  const tasks = Array.from({ length: schedule.states / schedule.statesPerModel }, (_, index) => trainTask(index));
  await saveModels(store, tasks);
  const aggregateTask: AggregateTask = {
    kind: 'aggregate',
    directory,
    hash: aggregateHash,
    dataset,
    models: tasks.map(({ hash }) => hash),
  };
  await runAggregate(aggregateTask, trainerContext(store));
  const common = { directory, bundle: aggregateHash, sampling, threads: 1 };
  return {
    root,
    store,
    spec,
    trainTask,
    aggregateTask,
    sampleTask: (own) => ({
      kind: 'sample',
      hash: sampleHash,
      extractor: spec.evaluation?.extractor,
      ...common,
      ...own,
    }),
    evaluateTask: (own) => ({
      kind: 'evaluate',
      hash: evaluateHash,
      run: { name: 'test', namespace: 'default' },
      prepared: preparedHash,
      dataset,
      samples: sampleHash,
      evaluation: spec.evaluation,
      ...common,
      ...own,
    }),
  };
}
