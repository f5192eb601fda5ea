import type { SampleTask } from '../../api/task.ts';
import { samplers } from '../../diffusion/samplers.ts';
import { type Bundle, bundleMoments, statesOf } from '../artifacts/bundle.ts';
import { type ShardImages, shardRange } from '../artifacts/samples.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import type { Codec } from '../model/codec.ts';
import { codecOf } from './codec.ts';
import { compose } from './compose.ts';
import { sampleConditions } from './conditions.ts';
import { decodeSamples } from './decode.ts';
import { createDenoisers } from './denoiser.ts';
import { recordTrajectory } from './trajectory.ts';

/**
 * Draws the samples of this process's shard, and records how the first of them come about.
 * @throws DdrError DigestMismatch, Diverged, Interrupted
 */
export async function drawShard(
  tf: typeof TensorFlow,
  task: SampleTask,
  bundle: Bundle,
  context: TrainerContext,
): Promise<ShardImages> {
  const codec = await codecOf(tf, bundle.manifest, task, context);
  try {
    return await drawWith(codec, tf, task, bundle, context);
  } finally {
    codec.dispose();
  }
}

async function drawWith(
  codec: Codec,
  tf: typeof TensorFlow,
  task: SampleTask,
  bundle: Bundle,
  context: TrainerContext,
): Promise<ShardImages> {
  const { sampling } = task;
  const { image } = bundle.manifest;
  const { label, of } = await sampleConditions(task, bundle.manifest, context.store);
  const states = statesOf(bundle.manifest);
  const index = context.completionIndex;
  const range = shardRange(index, sampling.shards, sampling.count);
  const { count } = range;
  const trajectory = recordTrajectory(codec, image, { index, count }, states.length);
  if (index === 0 && trajectory.watched === 0)
    context.logger.info({ states: states.length }, 'no trajectory: decoding it would take longer than the samples');
  const networkImage = codec.networkShape(image);
  const denoisers = createDenoisers(tf, bundle, networkImage, sampling);
  const stopped = 'stopped; the samples are drawn anew from the same seeds';
  const samples = await compose({
    sampler: samplers[sampling.sampler],
    states,
    sampling,
    size: bytesPerImage(networkImage),
    ...range,
    modelOf: denoisers.of,
    conditionOf: of,
    moments: sampling.start === 'MomentMatched' ? await bundleMoments(bundle) : undefined,
    ...trajectory,
    async onBatch(done) {
      context.progress({ phase: 'Running', done: Math.floor(done * count), total: count });
      await stopIfAsked(context, stopped);
    },
  }).finally(denoisers.dispose); // decoding needs their memory
  const onDecoded = async () => {
    context.progress({ phase: 'Running', done: count, total: count });
    await stopIfAsked(context, stopped);
  };
  const data = await decodeSamples(codec, samples, range, onDecoded);
  return {
    images: { shape: [count, image.size, image.size, image.channels], data },
    trajectory: await trajectory.finish(onDecoded),
    labels: label && Int32Array.from({ length: count }, (_, i) => label(range.first + i)),
  };
}
