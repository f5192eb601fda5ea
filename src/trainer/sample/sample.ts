import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { Extractor, SampleTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { type Bundle, openBundle, statesOf } from '../artifacts/bundle.ts';
import { loadOrName, loadOrSetAside, removePartialOf } from '../artifacts/commit.ts';
import { loadFeatures, saveFeatures } from '../artifacts/features.ts';
import { loadShard, type ShardImages, saveShard, shardRange, walkSamples } from '../artifacts/samples.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { bytesPerImage, type ImageSet, toBytes } from '../data/images.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import type { NpyArray } from '../formats/npy.ts';
import { createExtractor } from '../metrics/extractors/extractor.ts';
import { createDenoisers } from './denoiser.ts';
import { type Moments, walk } from './walk.ts';

/** Bytes that a kept walk has at most: of many states or large images fewer samples are watched. */
const walkBytes = 2 ** 26;

async function momentsOf(bundle: Bundle): Promise<Moments> {
  const { moments } = bundle.manifest;
  const { tensors } = await bundle.read(moments);
  const [mean, deviation] = [tensors.get('mean')?.values, tensors.get('deviation')?.values];
  if (mean === undefined || deviation === undefined)
    throw new DdrError('DigestMismatch', 'has no mean and deviation', { where: moments.file });
  return { mean, deviation };
}

/** Draws the samples of this shard. */
async function draw(
  tf: typeof TensorFlow,
  { sampling }: SampleTask,
  bundle: Bundle,
  context: TrainerContext,
): Promise<ShardImages> {
  const { image } = bundle.manifest;
  const shard = context.completionIndex;
  const { first, count } = shardRange(shard, sampling.shards, sampling.count);
  const states = statesOf(bundle.manifest);
  const size = bytesPerImage(image);
  const affordable = Math.max(1, Math.floor(walkBytes / (size * (states.length + 1))));
  const watched = shard === 0 ? Math.min(walkSamples, count, affordable) : 0;
  const frames: { x: Uint8Array[]; predicted: Uint8Array[] } = { x: [], predicted: [] };
  const bytesOf = (values: Float32Array) => toBytes(values.subarray(0, watched * size));
  const denoisers = createDenoisers(tf, bundle, sampling.batchSize);
  try {
    const samples = await walk({
      states,
      sampling,
      size,
      first,
      count,
      modelOf: denoisers.of,
      moments: sampling.start === 'MomentMatched' ? await momentsOf(bundle) : undefined,
      watched,
      onStart(x) {
        frames.x.push(bytesOf(x));
      },
      onStep(x, predicted) {
        frames.x.push(bytesOf(x));
        frames.predicted.push(bytesOf(predicted));
      },
      async onBatch(done) {
        context.progress({ phase: 'Running', done: Math.floor(done * count), total: count });
        await stopIfAsked(context, 'stopped; the samples are drawn anew from the same seeds');
      },
    });
    const shape = [image.size, image.size, image.channels];
    const framesOf = (parts: Uint8Array[]): NpyArray<Uint8Array> => ({
      shape: [parts.length, watched, ...shape],
      data: new Uint8Array(Buffer.concat(parts)),
    });
    return {
      images: { shape: [count, ...shape], data: toBytes(samples) },
      walk: watched === 0 ? undefined : { x: framesOf(frames.x), predicted: framesOf(frames.predicted) },
    };
  } finally {
    denoisers.dispose();
  }
}

/** Computes the features of a shard's images, where they are not there yet. */
async function addFeatures(
  tf: typeof TensorFlow,
  wanted: Extractor,
  task: SampleTask,
  { shape, data }: NpyArray<Uint8Array>,
  context: TrainerContext,
): Promise<void> {
  const { logger, completionIndex: shard } = context;
  const extractor = await createExtractor(tf, wanted, context.volumes.weights);
  const folder = runLayout(context.volumes.run, task.directory).features(task.hash, extractor.id, shard);
  await removePartialOf(folder);
  const known = await loadOrSetAside(folder, () => loadFeatures(folder), logger);
  if (known !== undefined) return;
  const [count = 0, size = 0, , channels = 1] = shape;
  const images: ImageSet = { count, shape: { size, channels: channels === 1 ? 1 : 3 }, pixels: data };
  const sums = await extractor.sums(images, async (done) => {
    context.progress({ phase: 'Running', done, total: count });
    await stopIfAsked(context, 'stopped; the samples are kept, and their features are computed anew');
  });
  await saveFeatures(folder, sums);
  logger.info({ shard, extractor: extractor.id }, 'features computed');
}

/**
 * Draws one shard of samples and computes their features. What is there already is kept: a change of the extractor draws
 * nothing anew.
 * @throws DdrError ModelMissing, DigestMismatch, Diverged, Interrupted
 */
export async function runSample(task: SampleTask, context: TrainerContext): Promise<TaskResult> {
  const { logger, seconds, completionIndex: shard } = context;
  const layout = runLayout(context.volumes.run, task.directory);
  const folder = layout.shard(task.hash, shard);
  const range = shardRange(shard, task.sampling.shards, task.sampling.count);
  const tf = await startEngine(task.threads, context);
  await removePartialOf(folder);

  let images = (await loadOrSetAside(folder, () => loadShard(folder, task.hash), logger))?.images;
  if (images === undefined) {
    const started = seconds();
    const bundle = await loadOrName('the bundle', 'aggregation', () =>
      openBundle(layout.bundle(task.bundle), task.bundle),
    );
    const drawn = await draw(tf, task, bundle, context);
    await saveShard(folder, { hash: task.hash, shard, ...range, seconds: seconds() - started }, drawn);
    images = drawn.images;
    logger.info({ shard, ...range, seconds: Math.round(seconds() - started) }, 'samples drawn');
  }
  if (task.extractor !== undefined) await addFeatures(tf, task.extractor, task, images, context);
  context.progress({ phase: 'Done', done: range.count, total: range.count });
  return { kind: 'sample', shard, count: range.count };
}
