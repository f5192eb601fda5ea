import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import { openDataset } from '../artifacts/dataset.ts';
import type { IndexContent, PlacedImage } from '../artifacts/imageIndex.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { type Findings, noFindings } from '../data/findings.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import { bytesPerLatent } from '../data/latents.ts';
import { addImage, emptyMoments, momentsOf } from '../data/moments.ts';
import { openSource } from '../data/openSource.ts';
import type { OpenSource, SourceImage } from '../data/source.ts';
import { entryBytes } from '../data/stream/indexEntry.ts';
import { conditionBytes, openConditions, type SourceConditions } from './conditions.ts';
import type { Place } from './source.ts';
import { encodedAgain, writeLatents } from './writeLatents.ts';
import {
  lookingAt,
  nowAndThen,
  requireImages,
  requireSpace,
  saveConditioned,
  type Writing,
  type WrittenDataset,
} from './writing.ts';

/** The brightest byte of images of 0 and 1 that were taken for bytes, or of 12 bits that were saved as 16. */
const allButBlack = 15;

/** Whether a prepared dataset is there as its record says. */
export const isWhole = (store: ArtifactStore, address: string): Promise<boolean> =>
  openDataset(store, address).then(
    () => true,
    (thrown: unknown) => {
      const error = toDdrError(thrown);
      if (error.code === 'InputMissing' || error.code === 'DataChanged') return false;
      throw error;
    },
  );

/**
 * Reads the source and streams its images, or its latents, into the store. Equal data that are there already stay, but for
 * damaged ones.
 * @throws DdrError DataChanged, DiskFull, Interrupted, InputMismatch where there are too few, and what reading throws
 */
export async function writeDataset(writing: Writing, context: TrainerContext): Promise<WrittenDataset> {
  const written = await writeCounted(writing, context);
  const { address } = written.dataset;
  if (await isWhole(context.store, address)) return written;
  context.logger.warn({ path: context.store.describe(datasetKey(address)) }, 'damaged; quarantined and made anew');
  await context.store.quarantine(datasetKey(address));
  return writeCounted(writing, context);
}

/**
 * A digest has to know the number of images from the beginning. Where broken ones are left out there are fewer than were
 * expected: then all are read once more.
 */
async function writeCounted(writing: Writing, context: TrainerContext): Promise<WrittenDataset> {
  const { dataset, place, scale } = writing;
  const { latents } = dataset;
  if (latents !== undefined && scale !== undefined)
    return writeLatents(writing, { ...dataset, latents }, scale, context);
  const read = async (count?: number) => {
    const findings = noFindings();
    const tick = nowAndThen(() => stillStarting(context));
    const source = await openSource(dataset, place.path, place.root, findings, tick, place.files);
    const conditions = await openConditions(dataset, place, source);
    return write(writing, source, conditions, count ?? source.total, findings, context);
  };
  const found = await read();
  if ('dataset' in found) return found;
  context.logger.info({ count: found.count }, 'fewer images than files; reading them once more with their count');
  const counted = await read(found.count);
  if ('dataset' in counted) return counted;
  throw changed(place);
}

const changed = ({ where }: Place) =>
  new DdrError('DataChanged', 'the images have changed while they were read', { where });

async function* pixelsOf(images: AsyncIterable<SourceImage>): AsyncGenerator<Uint8Array> {
  for await (const { pixels } of images) yield pixels;
}

/** The images as an index has them. */
function indexOf({ shards }: OpenSource, images: AsyncIterable<SourceImage>): IndexContent {
  const none = () => new DdrError('Unexpected', 'the source does not say where its images are');
  if (shards === undefined) throw none();
  async function* placed(): AsyncGenerator<PlacedImage> {
    for await (const { pixels, place } of images) {
      if (place === undefined) throw none();
      yield { pixels, place };
    }
  }
  return { images: placed(), shards };
}

/** @returns how many images there are, where they are fewer than expected */
async function write(
  writing: Writing,
  source: OpenSource,
  conditions: SourceConditions,
  count: number,
  findings: Findings,
  context: TrainerContext,
): Promise<WrittenDataset | { count: number }> {
  const { image } = writing.dataset;
  const bytes = bytesPerImage(image);
  requireImages(count, writing, findings);
  const learned = encodedAgain(writing, count, findings, context);
  const latentBytes = learned === undefined ? 0 : bytesPerLatent(learned.description);
  const isCopied = writing.dataset.prepare === 'Copy';
  await requireSpace(count * ((isCopied ? bytes : entryBytes) + latentBytes + conditionBytes(conditions)), context);
  const sums = emptyMoments(bytes);
  const positions: number[] = [];

  async function* images(): AsyncGenerator<SourceImage> {
    for await (const image of source.images(lookingAt(count, context))) {
      addImage(sums, image.pixels);
      positions.push(image.position);
      yield image;
    }
    requireImages(sums.count, writing, findings);
    if (sums.brightest <= allButBlack)
      findings.said.push(`no pixel is brighter than ${sums.brightest} of 255: the images are all but black`);
    await writing.assertUnchanged();
  }
  const content = {
    count,
    shape: { size: image.size, channels: image.channels },
    ...(isCopied ? { pixels: pixelsOf(images()) } : { index: indexOf(source, images()) }),
    moments: () => momentsOf(sums),
    ...learned?.content,
  };
  try {
    return await saveConditioned(writing, { content, conditions, positions }, findings, context);
  } catch (error) {
    if (sums.count < count && error instanceof DdrError && error.code === 'DataChanged') return { count: sums.count };
    throw error;
  }
}
