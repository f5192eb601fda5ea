import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { runLayout } from '../../src/api/layout.ts';
import type { Progress } from '../../src/api/progress.ts';
import { parseRun } from '../../src/api/run.ts';
import type { Spec } from '../../src/api/spec/spec.ts';
import type { AggregateTask, EvaluateTask, SampleTask } from '../../src/api/task.ts';
import { latentStates, partitionModels } from '../../src/diffusion/latentStates.ts';
import { normals, streams } from '../../src/diffusion/random.ts';
import { runAggregate } from '../../src/trainer/aggregate/aggregate.ts';
import { saveFinal } from '../../src/trainer/artifacts/finalModel.ts';
import type { TrainerContext } from '../../src/trainer/context/context.ts';
import { writeNpy } from '../../src/trainer/formats/npy.ts';
import { initialWeights, type ParameterSpec, totalSize } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { withSpec } from './runs.ts';

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A trainer process's context that logs nothing and remembers its progress. */
export function trainerContext(
  volumes: TrainerContext['volumes'],
  fields: Partial<TrainerContext> = {},
): TrainerContext & { reported: Progress[] } {
  const reported: Progress[] = [];
  return {
    volumes,
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

/** A run whose models are there, aggregated, with random weights; and its next tasks. */
export interface AggregatedRun {
  volumes: { run: string; data: string };
  spec: Spec;
  aggregateTask: AggregateTask;
  sampleTask: (fields?: Partial<SampleTask>) => SampleTask;
  evaluateTask: (fields?: Partial<EvaluateTask>) => EvaluateTask;
}

/** Initial weights, shaken, so that no layer's output is 0 as it is before training. */
function randomWeights(parameters: readonly ParameterSpec[], seed: number): Float32Array {
  const noise = normals(seed, streams.noise, 0, totalSize(parameters));
  return initialWeights(parameters, seed).map((value, i) => value + 0.1 * (noise[i] as number));
}

const hashOf = (index: number) => index.toString(16).padStart(16, '0');

/** Blobs of grey or colour, so that the data has some covariance: uint8 [N, size, size, channels]. */
function dataset(count: number, size: number, channels: number): Uint8Array {
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

/**
 * @param fields of the spec; the dataset's image is kept
 * @param images of the dataset
 */
export async function aggregatedRun(
  t: TestContext,
  fields: Record<string, unknown> = {},
  { size = 8, channels = 1, images = 40 } = {},
): Promise<AggregatedRun> {
  const root = temporaryFolder(t);
  const volumes = { run: join(root, 'run'), data: join(root, 'data') };
  for (const folder of Object.values(volumes)) mkdirSync(folder);
  writeFileSync(
    join(volumes.data, 'images.npy'),
    writeNpy({ shape: [images, size, size, channels], data: dataset(images, size, channels) }),
  );
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
  const directory = 'runs/test';
  const { timesteps, statesPerModel, family, alphas } = spec.schedule;
  const models = partitionModels(latentStates(spec.schedule), statesPerModel).map((states, index) => ({
    index,
    hash: hashOf(index),
    states,
    model: spec.model,
    prediction: spec.training.prediction,
  }));
  for (const model of models) {
    const parameters = parameterSpecs({
      ...spec.model,
      imageSize: size,
      imageChannels: channels,
      timeEmbedding: statesPerModel > 1,
    });
    await saveFinal(runLayout(volumes.run, directory).model(model.hash).final, {
      task: {
        kind: 'train',
        directory,
        timesteps,
        dataset: spec.dataset,
        training: spec.training,
        checkpoints: { everyImages: 100, keep: 1 },
        ...model,
      },
      parameters,
      average: randomWeights(parameters, model.index),
      dataset: { count: images, sha256: '0'.repeat(64) },
      images: 1000,
      seconds: 12,
      losses: [0, 250, 500, 750].map((seen) => ({ images: seen + 250, loss: 1 / (1 + seen / 100 + model.index) })),
    });
  }
  const aggregate: AggregateTask = {
    kind: 'aggregate',
    directory,
    hash: hashOf(100),
    image: spec.dataset.image,
    timesteps,
    family,
    alphas,
    dataset: spec.dataset,
    models,
  };
  await runAggregate(aggregate, trainerContext(volumes));
  const common = { directory, bundle: aggregate.hash, sampling: spec.sampling, threads: 1 };
  return {
    volumes,
    spec,
    aggregateTask: aggregate,
    sampleTask: (own) => ({
      kind: 'sample',
      hash: hashOf(200),
      extractor: spec.evaluation?.extractor,
      ...common,
      ...own,
    }),
    evaluateTask: (own) => ({
      kind: 'evaluate',
      hash: hashOf(300),
      run: { name: 'test', namespace: 'default' },
      samples: hashOf(200),
      dataset: spec.dataset,
      evaluation: spec.evaluation,
      ...common,
      ...own,
    }),
  };
}
