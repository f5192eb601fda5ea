import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseRun } from '../../src/api/run.ts';
import type { AggregateTask, PrepareTask, SampleTask, TrainTask } from '../../src/api/task.ts';
import type { TaskResult } from '../../src/api/termination.ts';
import { runAggregate } from '../../src/trainer/aggregate/aggregate.ts';
import { toHalves } from '../../src/trainer/formats/elements.ts';
import { npyHeader, writeNpy } from '../../src/trainer/formats/npy.ts';
import { runPrepare } from '../../src/trainer/prepare/prepare.ts';
import { runTrain } from '../../src/trainer/train/train.ts';
import { tinyAutoencoder, writeAutoencoder } from './autoencoder.ts';
import { volumeOf } from './data.ts';
import { temporaryFolder } from './folder.ts';
import { withSpec } from './runs.ts';
import { blobs, type TestStore, temporaryStore, trainerContext } from './trainer.ts';

type PrepareResult = Extract<TaskResult, { kind: 'prepare' }>;

/** Values that halves hold exactly: value i is ((7·i) mod 32 − 16)/8. */
export const latentValue = (i: number): number => (((7 * i) % 32) - 16) / 8;
export const latentFloats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => latentValue(i));

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** An .npy file of such values. */
export function latentsNpy(
  shape: number[],
  type: 'float16' | 'float32',
  values = latentFloats(sizeOf(shape)),
): Uint8Array {
  if (type === 'float32') return writeNpy({ shape, data: values });
  return new Uint8Array(Buffer.concat([npyHeader({ descr: '<f2', shape }), new Uint8Array(toHalves(values).buffer)]));
}

const [directory, codecFolder] = ['runs/test', 'vae'];
const address = (n: number) => String(n).padStart(16, '0');

/** A run of 2×2×… latents of 4×4 images, prepared, its models trained for a step, and aggregated. */
export interface LatentRun extends TestStore {
  volumes: { data: string; codec: string };
  prepareTask: PrepareTask;
  /** The rest, once prepared. */
  tasks: (dataset: string) => { train: TrainTask[]; aggregate: AggregateTask; sample: SampleTask };
}

/** @param source the dataset's file and spec; 40 grey images of 4×4 in an array where left out */
export function latentRun(
  t: TestContext,
  source: { file: Uint8Array; fields: object } = {
    file: writeNpy({ shape: [40, 4, 4], data: blobs(40, { size: 4, channels: 1 }) }),
    fields: {},
  },
  sampling: object = {},
  channels = 2,
): LatentRun {
  const { root, store } = temporaryStore(t);
  const data = volumeOf(t, { 'a.npy': source.file });
  const codec = temporaryFolder(t);
  writeAutoencoder(join(codec, codecFolder), { ...tinyAutoencoder, latent_channels: channels });
  const { spec } = parseRun(
    withSpec({
      schedule: { states: 2, statesPerModel: 2 },
      dataset: {
        source: { volume: { claimName: 'data', path: 'a.npy' } },
        format: 'Npy',
        image: { size: 4, channels: 1 },
        ...source.fields,
      },
      codec: {
        name: 'AutoencoderKL',
        weights: { volume: { claimName: 'codec', path: codecFolder } },
        downsampling: 2,
        channels,
      },
      model: { baseChannels: 8, channelMultipliers: [1, 1] },
      training: { images: 8, batchSize: 4, threads: 1, seed: 5 },
      sampling: { count: 5, batchSize: 2, clip: false, seed: 3, ...sampling },
    }),
  );
  const { schedule, model, training } = spec;
  const common = { directory, threads: 1 };
  return {
    root,
    store,
    volumes: { data, codec },
    prepareTask: { kind: 'prepare', hash: address(1), dataset: spec.dataset, codec: spec.codec, ...common },
    tasks(dataset) {
      const train = [0].map((index): TrainTask => {
        const own = { index, schedule, dataset, model, training, checkpoints: { everyImages: 100, keep: 1 } };
        return { kind: 'train', directory, hash: address(10 + index), ...own };
      });
      const models = train.map(({ hash }) => hash);
      return {
        train,
        aggregate: { kind: 'aggregate', directory, hash: address(2), dataset, models },
        sample: {
          kind: 'sample',
          hash: address(3),
          bundle: address(2),
          sampling: spec.sampling,
          codec: spec.codec,
          ...common,
        },
      };
    },
  };
}

/** Prepares, trains and aggregates a run. */
export async function aggregatedLatents(run: LatentRun): Promise<{ result: PrepareResult; sample: SampleTask }> {
  const context = trainerContext(run.store, { volumes: run.volumes });
  const result = await runPrepare(run.prepareTask, context);
  if (result.kind !== 'prepare') throw new Error('not prepared');
  const { train, aggregate, sample } = run.tasks(result.sha256.slice(0, 16));
  for (const task of train) await runTrain(task, context);
  await runAggregate(aggregate, context);
  return { result, sample: { ...sample, codecDigest: result.codec } };
}
