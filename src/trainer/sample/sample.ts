import { runLayout } from '../../api/layout.ts';
import type { Extractor, SampleTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { openBundle } from '../artifacts/bundle.ts';
import { loadFeatures, saveFeatures } from '../artifacts/features.ts';
import { loadOrName, loadOrQuarantine } from '../artifacts/records.ts';
import { imagesOf, loadShard, type ShardImages, saveShard, shardRange } from '../artifacts/samples.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import { createExtractor, type Images } from '../metrics/extractors/extractor.ts';
import { drawShard } from './draw.ts';

/** The images of this process's shard: those that are there, or drawn. */
async function shardImages(
  tf: typeof TensorFlow,
  task: SampleTask,
  context: TrainerContext,
): Promise<ShardImages['images']> {
  const { store, logger, seconds, completionIndex: shard } = context;
  const layout = runLayout(task.directory);
  const folder = layout.shard(task.hash, shard);
  await store.removePartial({ folder });
  const known = await loadOrQuarantine(store, folder, () => loadShard(store, folder, task.hash), logger);
  if (known !== undefined) return known.images;

  const started = seconds();
  const bundle = await loadOrName('the bundle', 'aggregation', () =>
    openBundle(store, layout.bundle(task.bundle), task.bundle),
  );
  const drawn = await drawShard(tf, task, bundle, context);
  const range = shardRange(shard, task.sampling.shards, task.sampling.count);
  await saveShard(store, folder, { hash: task.hash, shard, ...range, seconds: seconds() - started }, drawn);
  logger.info({ shard, ...range, seconds: Math.round(seconds() - started) }, 'samples drawn');
  return drawn.images;
}

/** Computes the features of a shard's images, where they are not there yet. */
async function addFeatures(
  tf: typeof TensorFlow,
  wanted: Extractor,
  { directory, hash }: SampleTask,
  images: Images,
  context: TrainerContext,
): Promise<void> {
  const { store, logger, completionIndex: shard } = context;
  const extractor = await createExtractor(tf, wanted, context.volumes.weights);
  const folder = runLayout(directory).features(hash, extractor.id, shard);
  await store.removePartial({ folder });
  const known = await loadOrQuarantine(store, folder, () => loadFeatures(store, folder), logger);
  if (known !== undefined) return;
  const sums = await extractor.sums(images, async (done) => {
    context.progress({ phase: 'Running', done, total: images.count });
    await stopIfAsked(context, 'stopped; the samples are kept, and their features are computed anew');
  });
  await saveFeatures(store, folder, sums);
  logger.info({ shard, extractor: extractor.id }, 'features computed');
}

/**
 * Draws one shard of samples and computes their features. What is there already is kept: a change of the extractor draws
 * nothing anew.
 * @throws DdrError ModelMissing, DigestMismatch, Diverged, Interrupted
 */
export async function runSample(task: SampleTask, context: TrainerContext): Promise<TaskResult> {
  const tf = await startEngine(task.threads, context);
  const images = await shardImages(tf, task, context);
  if (task.extractor !== undefined) await addFeatures(tf, task.extractor, task, imagesOf(images), context);
  const shard = context.completionIndex;
  const { count } = shardRange(shard, task.sampling.shards, task.sampling.count);
  context.progress({ phase: 'Done', done: count, total: count });
  return { kind: 'sample', shard, count };
}
