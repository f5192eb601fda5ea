import { DdrError } from '../../api/errors.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { DatasetReference } from '../artifacts/dataset.ts';
import { type DatasetContent, saveDataset } from '../artifacts/saveDataset.ts';
import { stopIfAsked, type TrainerContext } from '../context/context.ts';
import { type Findings, noticesOf } from '../data/findings.ts';
import type { LatentScale } from '../data/latents.ts';
import type { Tick } from '../data/source.ts';
import type { Encoder } from '../model/autoencoder/codec.ts';
import { contextsAt, emptyClasses, labelsAt, type SourceConditions } from './conditions.ts';
import type { Place } from './source.ts';

const stopped = 'stopped while reading the data; nothing is kept of it, and it begins anew';

/** Room that is asked for beside the images: moments and records of a large dataset. */
const spareBytes = 2 ** 24;

/** What is to be written, and how. */
export interface Writing {
  dataset: Dataset;
  place: Place;
  /** Fewest images that will do. */
  least: number;
  /** What networks see, where it is latents; and what makes them, where the source has images. */
  scale?: LatentScale | undefined;
  encoder?: Encoder | undefined;
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

/** Tells that so many images of `count` are done, and stops where that is asked for. @throws DdrError Interrupted */
export async function stillReading(done: number, count: number, context: TrainerContext): Promise<void> {
  context.progress({ phase: 'Running', done: Math.min(done, count), total: count });
  await stopIfAsked(context, stopped);
}

/** Tells how many images of `count` were looked at. */
export const lookingAt = (count: number, context: TrainerContext): Tick =>
  nowAndThen((looked) => stillReading(looked, count, context));

/** @throws DdrError InputMissing, InputMismatch */
export function requireImages(count: number, { dataset, place, least }: Writing, findings: Findings): void {
  const where = place.where;
  if (count === 0) {
    const others = noticesOf(findings, dataset).map((notice) => `; ${notice}`);
    throw new DdrError('InputMissing', `there are no images of format ${dataset.format}${others.join('')}`, {
      where,
      hint: 'Check path of dataset.source, and dataset.format.',
    });
  }
  if (count < least) {
    throw new DdrError('InputMismatch', `the evaluation needs ${least} images at least, and there is ${count}`, {
      where,
    });
  }
}

/** @throws DdrError DiskFull */
export async function requireSpace(bytes: number, { store }: TrainerContext): Promise<void> {
  const free = await store.free();
  if (free === undefined || bytes + spareBytes <= free) return;
  const gibibytes = (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`;
  throw new DdrError('DiskFull', `the prepared images need ${gibibytes(bytes)}, and ${gibibytes(free)} are free`, {
    where: store.describe('datasets'),
    hint: 'Make the volume larger or delete old runs.',
  });
}

/** Images or latents of a source with the conditions that it has of them. */
export interface Conditioned {
  content: Omit<DatasetContent, 'labels' | 'contexts'>;
  conditions: SourceConditions;
  /** Which of the source's images are in the content: complete once all of it has come. */
  positions: readonly number[];
}

/**
 * Streams images or latents and their conditions into the store.
 * @throws DdrError DataChanged, Interrupted, and what reading throws
 */
export async function saveConditioned(
  { writer, assertUnchanged }: Writing,
  { content, conditions: { labels, contexts }, positions }: Conditioned,
  findings: Findings,
  context: TrainerContext,
): Promise<WrittenDataset> {
  const { count } = content;
  const saving = () => stillReading(count, count, context);
  const whole = {
    ...content,
    labels: labels && (() => labelsAt(labels, positions)),
    contexts: contexts && contextsAt(contexts, count, positions, saving),
  };
  const dataset = await saveDataset(context.store, whole, writer);
  const notice = labels && emptyClasses(labelsAt(labels, positions));
  if (notice !== undefined) findings.said.push(notice);
  if (contexts !== undefined) await assertUnchanged(); // they are read after the images
  return { dataset, findings };
}
