import type { Dataset } from '../../src/api/spec/dataset.ts';
import { openDataset } from '../../src/trainer/artifacts/dataset.ts';
import { saveDataset } from '../../src/trainer/artifacts/saveDataset.ts';
import type { ArtifactStore } from '../../src/trainer/artifacts/store.ts';
import { noFindings } from '../../src/trainer/data/findings.ts';
import { bytesPerImage, type ImageSource } from '../../src/trainer/data/imageSource.ts';
import { addImage, emptyMoments, momentsOf } from '../../src/trainer/data/moments.ts';
import { openSourceFiles, type SourceAccess } from '../../src/trainer/data/openSourceFiles.ts';
import { openShards } from '../../src/trainer/data/shards/openShards.ts';
import { shardFormatOf } from '../../src/trainer/data/shards/shardFormats.ts';
import type { ImagePlace } from '../../src/trainer/data/source.ts';
import { batchesAhead, readAhead } from '../../src/trainer/train/ahead.ts';
import { inTrainingOrder } from '../../src/trainer/train/trainingOrder.ts';

const batchSize = 64;
const tick = async () => {};

/** Seconds that something takes, and what it comes to. */
export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const began = performance.now();
  const value = await work();
  return { seconds: (performance.now() - began) / 1000, value };
}

/** Writes an index of shards, as the prepare step does. @returns its address */
export async function indexShards(store: ArtifactStore, dataset: Dataset, access: SourceAccess): Promise<string> {
  const files = await openSourceFiles(dataset.source, access);
  const source = await openShards(shardFormatOf(dataset), files, dataset, noFindings(), tick);
  const sums = emptyMoments(bytesPerImage(dataset.image));
  async function* images() {
    for await (const { pixels, place } of source.images(tick)) {
      addImage(sums, pixels);
      yield { pixels, place: place as ImagePlace };
    }
  }
  const { size, channels } = dataset.image;
  const index = { images: images(), shards: source.shards ?? [] };
  const content = { count: source.total, shape: { size, channels }, index, moments: () => momentsOf(sums) };
  return (await saveDataset(store, content, 'bench')).address;
}

/** Opens an index to be streamed. */
export const streamed = (
  store: ArtifactStore,
  address: string,
  dataset: Dataset,
  access: SourceAccess,
  cacheFolder: string,
) => openDataset(store, address, { dataset, access, cacheFolder });

/** Reads one epoch in training's order, as a trainer does that never computes. @returns images a second */
export async function readEpoch(source: ImageSource, epoch: number): Promise<number> {
  const { batch, count } = inTrainingOrder(source, 1);
  const [first, end] = [epoch * count, (epoch + 1) * count];
  const next = (at: number) => (at + batchSize < end ? at + batchSize : undefined);
  const ahead = batchesAhead(true, batchSize * bytesPerImage(source.shape) * 4);
  const get = readAhead((at) => batch(at, Math.min(batchSize, end - at)), next, ahead);
  const { seconds } = await timed(async () => {
    for (let at: number | undefined = first; at !== undefined; at = next(at)) await get(at);
  });
  return count / seconds;
}
