import { createHash } from 'node:crypto';
import { datasetKey } from '../../api/layout.ts';
import type { ImageShape, NetworkShape } from '../../api/spec/dataset.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import type { Labels } from '../data/labels.ts';
import { bytesPerLatent, type LatentsDescription, shapeOfLatents } from '../data/latents.ts';
import type { Moments } from '../data/moments.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { arrayFile } from './arrays.ts';
import {
  type ContextsContent,
  type ContextsRecord,
  conditionFiles,
  contextsFile,
  digestedConditions,
  labelsContent,
} from './conditions.ts';
import {
  type DatasetReference,
  datasetAddress,
  datasetFiles,
  datasetRecordSchema,
  imagesHeader,
  startDigest,
} from './dataset.ts';
import { type IndexContent, indexFile, indexFiles, shardsFile } from './imageIndex.ts';
import { digestWithLatents, latentsFile, latentsHeader } from './latents.ts';
import { type FileRecord, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

/** Latents on their way into a store: all their bytes in pieces of any size. */
export interface LatentsContent {
  description: LatentsDescription;
  bytes: AsyncIterable<Uint8Array>;
}

/** A dataset on its way into a store: how many images of which shape come, and all their bytes in pieces of any size. */
export interface DatasetContent {
  count: number;
  shape: ImageShape;
  /** Left out where there are latents only, or an index. */
  pixels?: AsyncIterable<Uint8Array>;
  /** Where the images are, where they are not to be copied. */
  index?: IndexContent;
  /** What networks learn from instead; they are asked for once all pixels have come. */
  latents?: LatentsContent | undefined;
  /** Asked once all images and latents have come, as are labels, and after them contexts. */
  moments: () => Moments;
  labels?: (() => Labels) | undefined;
  contexts?: ContextsContent | undefined;
}

/** Digest of a dataset with what else it has: that of its images where it has nothing else. */
const withConditions = (images: string, conditions: string): string =>
  conditions === '' ? images : createHash('sha256').update(`${images}\n${conditions}`).digest('hex');

function momentsFile({ mean, deviation }: Moments, { size, channels }: NetworkShape): Uint8Array {
  const shape = [size, size, channels];
  const tensors = new Map([
    ['mean', { shape, values: mean }],
    ['deviation', { shape, values: deviation }],
  ]);
  return writeSafetensors({ tensors, metadata: {} });
}

/** The files of images and latents, and the digest over both once they have come. */
function arraysOf({ count, shape, pixels, index, latents }: DatasetContent) {
  const hash = startDigest(count, shape);
  const entries = index && indexFile(count, index, (image) => hash.update(image));
  const shards = index && shardsFile(index);
  const images =
    pixels &&
    arrayFile(imagesHeader(count, shape), count * bytesPerImage(shape), pixels, (piece) => hash.update(piece));
  const learned =
    latents &&
    arrayFile(
      latentsHeader(count, latents.description),
      count * bytesPerLatent(latents.description),
      latents.bytes,
      () => {},
    );
  return {
    content: {
      ...(images && { [datasetFiles.images]: images.pieces }),
      ...(entries && { [indexFiles.entries]: entries.pieces }),
      ...(shards && { [indexFiles.shards]: shards.bytes }),
      ...(learned && { [latentsFile]: learned.pieces }),
    },
    records: () => ({
      images: images && { file: datasetFiles.images, ...images.record() },
      index: entries && shards && { file: indexFiles.entries, ...entries.record(), shards: shards.record },
      latents: learned && { file: latentsFile, ...latents?.description, ...learned.record() },
    }),
    digest() {
      const pixelDigest = hash.digest('hex');
      if (latents === undefined || learned === undefined) return pixelDigest;
      return digestWithLatents(pixelDigest, latents.description, learned.record().sha256);
    },
  };
}

/**
 * Streams a dataset into a store, under the address of its digest, which is known once all has come. Equal data that are
 * there already stay.
 * @param writer names what is being written until then, so that what a killed attempt left of it can be removed
 * @throws DdrError DataChanged where other than the promised number of images come
 */
export async function saveDataset(
  store: ArtifactStore,
  dataset: DatasetContent,
  writer: string,
): Promise<DatasetReference> {
  const { count, shape, latents, moments, labels, contexts } = dataset;
  const arrays = arraysOf(dataset);
  let [digest, address] = ['', ''];
  let momentsRecord: FileRecord | undefined;
  let contextsRecord: ContextsRecord | undefined;
  let classes: ReturnType<typeof labelsContent> | undefined;

  async function* momentsOf(): AsyncGenerator<Uint8Array> {
    const file = momentsFile(moments(), latents === undefined ? shape : shapeOfLatents(latents.description));
    momentsRecord = recordOf(file);
    yield file;
  }
  async function* labelsOf(given: () => Labels): AsyncGenerator<Uint8Array> {
    classes = labelsContent(given());
    yield classes.bytes;
  }
  async function* record(): AsyncGenerator<Uint8Array> {
    digest = withConditions(arrays.digest(), digestedConditions(classes?.record, contextsRecord));
    const written = datasetRecordSchema.parse({
      format: 1,
      shape,
      count,
      sha256: digest,
      ...arrays.records(),
      moments: { file: datasetFiles.moments, ...momentsRecord },
      labels: classes?.record,
      contexts: contextsRecord,
    });
    address = datasetAddress(written);
    yield Buffer.from(toJson(written));
  }
  // In this order: each tells of the one before it.
  const content = {
    ...arrays.content,
    [datasetFiles.moments]: momentsOf(),
    ...(labels && { [conditionFiles.labels]: labelsOf(labels) }),
    ...(contexts && {
      [conditionFiles.contexts]: contextsFile(contexts, (written) => {
        contextsRecord = { file: conditionFiles.contexts, ...written };
      }),
    }),
    [datasetFiles.record]: record(),
  };
  await store.commit(datasetKey(writer), content, undefined, () => datasetKey(address));
  return { address, count, sha256: digest };
}
