import type { SampleTask } from '../../api/task.ts';
import { samplers } from '../../diffusion/samplers.ts';
import { type Bundle, bundleMoments, statesOf } from '../artifacts/bundle.ts';
import { type ShardImages, shardRange } from '../artifacts/samples.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import { pixelCodec } from '../model/codec.ts';
import { compose } from './compose.ts';
import { sampleConditions } from './conditions.ts';
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
  const { sampling } = task;
  const { image } = bundle.manifest;
  const { label, of } = await sampleConditions(task, bundle.manifest, context.store);
  const codec = pixelCodec;
  const states = statesOf(bundle.manifest);
  const index = context.completionIndex;
  const { first, count } = shardRange(index, sampling.shards, sampling.count);
  const trajectory = recordTrajectory(codec, image, { index, count }, states.length);
  const networkImage = codec.networkShape(image);
  const denoisers = createDenoisers(tf, bundle, networkImage, sampling);
  try {
    const samples = await compose({
      sampler: samplers[sampling.sampler],
      states,
      sampling,
      size: bytesPerImage(networkImage),
      first,
      count,
      modelOf: denoisers.of,
      conditionOf: of,
      moments: sampling.start === 'MomentMatched' ? await bundleMoments(bundle) : undefined,
      ...trajectory,
      async onBatch(done) {
        context.progress({ phase: 'Running', done: Math.floor(done * count), total: count });
        await stopIfAsked(context, 'stopped; the samples are drawn anew from the same seeds');
      },
    });
    return {
      images: { shape: [count, image.size, image.size, image.channels], data: codec.decode(samples) },
      trajectory: trajectory.finish(),
      labels: label && Int32Array.from({ length: count }, (_, i) => label(first + i)),
    };
  } finally {
    denoisers.dispose();
  }
}
