import { DdrError, toDdrError } from '../../api/errors.ts';
import { datasetKey } from '../../api/layout.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { type DatasetReference, openDataset, saveDataset } from '../artifacts/dataset.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import { stillStarting, stopIfAsked, type TrainerContext } from '../context/context.ts';
import { type Findings, noFindings, noticesOf } from '../data/findings.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import { addImage, emptyMoments, momentsOf } from '../data/moments.ts';
import { openSource } from '../data/openSource.ts';
import type { OpenSource, Tick } from '../data/source.ts';
import {
  conditionBytes,
  contextsAt,
  emptyClasses,
  labelsAt,
  openConditions,
  type SourceConditions,
} from './conditions.ts';
import type { Place } from './source.ts';

const stopped = 'stopped while reading the data; nothing is kept of it, and it begins anew';

/** Room that is asked for beside the images: moments and records of a large dataset. */
const spareBytes = 2 ** 24;

/** The brightest byte of images of 0 and 1 that were taken for bytes, or of 12 bits that were saved as 16. */
const allButBlack = 15;

/** What is to be written, and how. */
export interface Writing {
  dataset: Dataset;
  place: Place;
  /** Fewest images that will do. */
  least: number;
  /** Names what is being written: see {@link saveDataset}. */
  writer: string;
  /** Asked after the last image; throws where the source is no longer what it was. */
  assertUnchanged: () => Promise<void>;
}

export interface WrittenDataset {
  dataset: DatasetReference;
  findings: Findings;
}

/** Images between two words about how it goes. */
const imagesPerWord = 64;

/** Tells now and then, how often it was asked to before. */
export function nowAndThen(tell: (before: number) => Promise<void>): Tick {
  let asked = 0;
  return async () => {
    if (asked++ % imagesPerWord === 0) await tell(asked - 1);
  };
}

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
 * Reads the source and streams its images into the store. Equal data that are there already stay, but for damaged ones.
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
  const { dataset, place } = writing;
  const read = async (count?: number) => {
    const findings = noFindings();
    const tick = nowAndThen(() => stillStarting(context));
    const source = await openSource(dataset, place.path, place.root, findings, tick);
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

/** @returns how many images there are, where they are fewer than expected */
async function write(
  writing: Writing,
  source: OpenSource,
  conditions: SourceConditions,
  count: number,
  findings: Findings,
  context: TrainerContext,
): Promise<WrittenDataset | { count: number }> {
  const { dataset, writer, assertUnchanged } = writing;
  const size = bytesPerImage(dataset.image);
  requireImages(count, writing, findings);
  await requireSpace(count * (size + conditionBytes(conditions)), context);
  const sums = emptyMoments(size);
  const positions: number[] = [];

  async function* pixels(): AsyncGenerator<Uint8Array> {
    const tick = nowAndThen(async (looked) => {
      context.progress({ phase: 'Running', done: Math.min(looked, count), total: count });
      await stopIfAsked(context, stopped);
    });
    for await (const { position, pixels } of source.images(tick)) {
      addImage(sums, pixels);
      positions.push(position);
      yield pixels;
    }
    requireImages(sums.count, writing, findings);
    if (sums.brightest <= allButBlack)
      findings.said.push(`no pixel is brighter than ${sums.brightest} of 255: the images are all but black`);
    await assertUnchanged();
  }
  async function saving(): Promise<void> {
    context.progress({ phase: 'Running', done: count, total: count });
    await stopIfAsked(context, stopped);
  }
  const { size: height, channels } = dataset.image;
  const { labels, contexts } = conditions;
  const content = {
    count,
    shape: { size: height, channels },
    pixels: pixels(),
    moments: () => momentsOf(sums),
    labels: labels && (() => labelsAt(labels, positions)),
    contexts: contexts && contextsAt(contexts, count, positions, saving),
  };
  try {
    const saved = await saveDataset(context.store, content, writer);
    const notice = labels && emptyClasses(labelsAt(labels, positions));
    if (notice !== undefined) findings.said.push(notice);
    if (contexts !== undefined) await assertUnchanged(); // they are read after the images
    return { dataset: saved, findings };
  } catch (error) {
    if (sums.count < count && error instanceof DdrError && error.code === 'DataChanged') return { count: sums.count };
    throw error;
  }
}

/** @throws DdrError InputMissing, InputMismatch */
function requireImages(count: number, { dataset, place, least }: Writing, findings: Findings): void {
  const where = place.where;
  if (count === 0) {
    const others = noticesOf(findings, dataset).map((notice) => `; ${notice}`);
    throw new DdrError('InputMissing', `there are no images of format ${dataset.format}${others.join('')}`, {
      where,
      hint: 'Check dataset.source.volume.path and dataset.format.',
    });
  }
  if (count < least) {
    throw new DdrError('InputMismatch', `the evaluation needs ${least} images at least, and there is ${count}`, {
      where,
    });
  }
}

/** @throws DdrError DiskFull */
async function requireSpace(bytes: number, { store }: TrainerContext): Promise<void> {
  const free = await store.free();
  if (free === undefined || bytes + spareBytes <= free) return;
  const gibibytes = (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`;
  throw new DdrError('DiskFull', `the prepared images need ${gibibytes(bytes)}, and ${gibibytes(free)} are free`, {
    where: store.describe('datasets'),
    hint: 'Make the volume larger or delete old runs.',
  });
}
