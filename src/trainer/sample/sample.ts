import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DdrError, toDdrError } from '../../api/errors.ts';
import type { SampleTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { removePartial, setAside } from '../bundle/commit.ts';
import { runLayout } from '../bundle/layout.ts';
import { type Bundle, openBundle, statesOf } from '../bundle/manifest.ts';
import { bytesPerImage, toByte } from '../data/images.ts';
import { loadTensorFlow, type TensorFlow } from '../engine/tensorflow.ts';
import { createExtractor } from '../evaluate/extractors/extractor.ts';
import { loadFeatures, saveFeatures } from '../evaluate/features.ts';
import type { NpyArray } from '../formats/npy.ts';
import type { TrainerContext } from '../process/context.ts';
import { createDenoisers } from './denoiser.ts';
import { loadShard, type ShardImages, saveShard, shardRange, walkSamples } from './shard.ts';
import { walk } from './walk.ts';

/** Draws the samples of this shard. */
async function draw(
  tf: typeof TensorFlow,
  task: SampleTask,
  bundle: Bundle,
  context: TrainerContext,
): Promise<ShardImages> {
  const { sampling } = task;
  const { image, models } = bundle.manifest;
  const shard = context.completionIndex;
  const { first, count } = shardRange(shard, sampling.shards, sampling.count);
  const states = statesOf(bundle.manifest);
  const size = bytesPerImage(image);
  const kept = shard === 0 ? Math.min(walkSamples, count) : 0;
  const frames: Uint8Array[] = [];
  const denoisers = createDenoisers(tf, bundle, sampling.batchSize);
  const { tensors } = await bundle.read(bundle.manifest.moments);
  const moment = (name: string) => tensors.get(name)?.values ?? new Float32Array(size);
  const predictions = new Map(
    models.flatMap(({ states, prediction }) => states.map(({ state }) => [state, prediction] as const)),
  );
  try {
    const samples = await walk({
      states,
      sampling,
      size,
      first,
      count,
      predictionOf: ({ state }) => predictions.get(state) ?? 'Epsilon',
      denoiserOf: denoisers.of,
      moments:
        sampling.start === 'MomentMatched' ? { mean: moment('mean'), deviation: moment('deviation') } : undefined,
      async onStep(x, done) {
        if (kept > 0) frames.push(Uint8Array.from(x.subarray(0, kept * size), toByte));
        context.progress({ phase: 'Running', done: Math.floor((done * count) / states.length), total: count });
        await setImmediate(); // lets signals in
        if (context.signal.aborted)
          throw new DdrError('Interrupted', 'stopped; the samples are drawn anew from the same seeds');
      },
    });
    const shape = [image.size, image.size, image.channels];
    return {
      images: { shape: [count, ...shape], data: Uint8Array.from(samples, toByte) },
      walk: kept === 0 ? undefined : { shape: [frames.length, kept, ...shape], data: concatenate(frames) },
    };
  } finally {
    denoisers.dispose();
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/**
 * Draws one shard of samples and computes their features. What is there already is kept: a change of the extractor draws
 * nothing anew.
 * @throws DdrError ModelMissing, DigestMismatch, Interrupted
 */
export async function runSample(task: SampleTask, context: TrainerContext): Promise<TaskResult> {
  const { logger, seconds, completionIndex: shard } = context;
  const layout = runLayout(context.volumes.run, task.directory);
  const folder = layout.shard(task.hash, shard);
  const range = shardRange(shard, task.sampling.shards, task.sampling.count);
  const tf = await loadTensorFlow(task.threads);
  await removePartial(dirname(folder));

  let images: NpyArray<Uint8Array> | undefined;
  try {
    images = (await loadShard(folder, task.hash))?.images;
  } catch (error) {
    logger.warn({ folder, error: toDdrError(error).describe() }, 'damaged samples are drawn anew');
    await setAside(folder);
  }
  if (images === undefined) {
    const started = seconds();
    const drawn = await draw(tf, task, await openBundle(layout.bundle(task.bundle), task.bundle), context);
    await saveShard(folder, { hash: task.hash, shard, ...range, seconds: seconds() - started }, drawn);
    images = drawn.images;
    logger.info({ shard, ...range, seconds: Math.round(seconds() - started) }, 'samples drawn');
  }

  if (task.extractor !== undefined) {
    const extractor = await createExtractor(tf, task.extractor, context.volumes.weights);
    const target = layout.features(task.hash, extractor.id, shard);
    if ((await loadFeatures(target)) === undefined) {
      const { shape, data } = images;
      const [, size = 0, , channels = 1] = shape;
      await saveFeatures(
        target,
        extractor.sums({ count: range.count, shape: { size, channels: channels === 1 ? 1 : 3 }, pixels: data }),
      );
      logger.info({ shard, extractor: extractor.id }, 'features computed');
    }
  }
  context.progress({ phase: 'Done', done: range.count, total: range.count });
  return { kind: 'sample', shard, count: range.count };
}
