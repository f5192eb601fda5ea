import { DdrError } from '../../../api/errors.ts';
import { shardsWithLabels } from '../../../api/spec/conditions.ts';
import type { Dataset } from '../../../api/spec/dataset.ts';
import { channelsLast, requireLayout } from '../arrayLayout.ts';
import { conform } from '../conform.ts';
import { type DecodedImage, decodeImage } from '../decode.ts';
import { decodedImages, type ImageToRead } from '../decodedImages.ts';
import { type Findings, noFindings, noteLeftOut } from '../findings.ts';
import type { OpenSource, Tick } from '../source.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';
import { inBlocks } from './blocks.ts';
import type { Shard, ShardEntry, ShardFormat, ShardImage } from './shard.ts';

/** Shards of a source, in the order of their names; what else is there is noted. */
export async function listShards(format: ShardFormat, files: SourceFiles, findings: Findings): Promise<SourceFile[]> {
  const all = await files.list();
  for (const { name } of all) if (!format.isShard(name)) noteLeftOut(findings, Buffer.from(name));
  return all.filter(({ name }) => format.isShard(name));
}

/** What is learned of shards by looking through them once. */
interface Counted {
  entries: number;
  labels: number[];
  classNames: readonly string[] | undefined;
}

/** @throws DdrError InputMismatch where shards name their classes differently */
async function count(
  format: ShardFormat,
  files: SourceFiles,
  shards: readonly SourceFile[],
  dataset: Dataset,
  findings: Findings,
  tick: Tick,
): Promise<Counted> {
  const counted: Counted = { entries: 0, labels: [], classNames: undefined };
  for (const [index, file] of shards.entries()) {
    const shard = await format.open(files, file, dataset, findings);
    if (index === 0) counted.classNames = shard.classNames;
    if (shard.classNames?.join('\n') !== counted.classNames?.join('\n')) {
      throw new DdrError('InputMismatch', `names other classes than ${shards[0]?.name}`, {
        where: `${files.where}: ${file.name}`,
        hint: 'Write all shards from one dataset: the same number must be the same class in each.',
      });
    }
    for await (const { label } of shard.entries()) {
      await tick();
      counted.entries++;
      if (label !== undefined) counted.labels.push(label);
    }
  }
  return counted;
}

/** An image of a shard as it will be learned from. @throws DdrError InputForeign, InputTruncated, InputUnsafe */
export async function decodeShardImage(image: ShardImage, dataset: Dataset, where: string): Promise<DecodedImage> {
  if (image.kind === 'encoded') return decodeImage(image.bytes, dataset.image, where);
  const { shape, data } = image.array;
  // Floats of one image do not tell which range all of them have.
  if (!(data instanceof Uint8Array)) {
    throw new DdrError('InputForeign', 'has values that are no bytes', {
      where,
      hint: 'Save bytes of 0 to 255: array.astype("uint8").',
    });
  }
  const layout = requireLayout([1, ...shape], where);
  const { width, height, channels } = layout;
  const pixels = await conform({ width, height, channels, pixels: channelsLast(data, layout) }, dataset.image);
  return { pixels, square: width === height, several: false, warning: undefined };
}

/** Fetches ranges; one that comes again right away is not fetched anew. */
function fetcher(files: SourceFiles, file: SourceFile): (entry: ShardEntry) => Promise<Uint8Array> {
  let last: { offset: number; length: number; bytes: Promise<Uint8Array> } | undefined;
  return ({ offset, length }) => {
    if (length === 0) return Promise.resolve(new Uint8Array());
    if (last?.offset !== offset || last.length !== length) {
      last = { offset, length, bytes: files.range(file, offset, length) };
      last.bytes.catch(() => {}); // it is told when its turn comes
    }
    return last.bytes;
  };
}

async function* imagesToRead(
  format: ShardFormat,
  files: SourceFiles,
  shards: readonly SourceFile[],
  dataset: Dataset,
): AsyncGenerator<ImageToRead> {
  const decode = async (shard: Shard, entry: ShardEntry, range: Promise<Uint8Array>) =>
    decodeShardImage(await shard.extract(await range, entry), dataset, entry.name);
  let position = 0;
  for (const [number, file] of shards.entries()) {
    const shard = await format.open(files, file, dataset, noFindings());
    const fetch = fetcher(files, file);
    for await (const entry of shard.entries()) {
      const range = fetch(entry);
      const { offset, length, row } = entry;
      const place = { shard: number, offset, length, ...(row !== undefined && { row }) };
      yield { position: position++, place, name: Buffer.from(entry.name), decode: () => decode(shard, entry, range) };
    }
  }
}

/**
 * Opens shards as a source of images. They are looked through once to know how many images there are and of which classes,
 * and once more to read them.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe, InputMismatch naming the shard; what reading throws
 */
export async function openShards(
  format: ShardFormat,
  files: SourceFiles,
  dataset: Dataset,
  findings: Findings,
  tick: Tick,
): Promise<OpenSource> {
  const shards = await listShards(format, files, findings);
  const { entries, labels, classNames } = await count(format, files, shards, dataset, findings, tick);
  const limit = Math.min(dataset.limit ?? entries, entries);
  const isLabelled = dataset.labels !== undefined && shardsWithLabels(dataset.labels) !== undefined;
  const bounds = { limit, maxBroken: dataset.maxBroken };
  return {
    total: limit,
    entries,
    shards,
    ...(isLabelled && { labels: { values: labels, names: classNames } }),
    images: (tick) => decodedImages(imagesToRead(format, inBlocks(files), shards, dataset), bounds, findings, tick),
  };
}
