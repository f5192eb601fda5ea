import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { imageShapeSchema, type NetworkShape } from '../../api/spec/dataset.ts';
import { modelSchema } from '../../api/spec/model.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import { predictions } from '../../diffusion/prediction.ts';
import { latentScaleSchema, shapeOfLatents } from '../data/latents.ts';
import type { Moments } from '../data/moments.ts';
import { sha256 } from '../formats/digest.ts';
import { readSafetensors, type Safetensors } from '../formats/safetensors.ts';
import { conditionsSchema } from './conditions.ts';
import { datasetReferenceSchema } from './dataset.ts';
import { latentStateSchema, scheduleRecordSchema } from './latentState.ts';
import { fileRecordSchema, makeAnew, readJson, readRecorded } from './records.ts';
import type { StoreReader } from './store.ts';
import { openTensorFile, type TensorFile } from './tensorFile.ts';

/** Grows when a reader of before could no longer read what is written. */
export const bundleFormat = 2;

const fileName = z.string().regex(/^[a-z0-9-]+\.safetensors$/); // a name, never a path
const bundledFile = fileRecordSchema.extend({ file: fileName });

/** What makes K models one sampler. It holds no times: equal models give an equal manifest. */
export const manifestSchema = z.object({
  format: z.literal(bundleFormat),
  hash: z.string(),
  image: imageShapeSchema,
  /** What the networks see instead of images, where it is latents of them. */
  latents: latentScaleSchema.optional(),
  schedule: scheduleRecordSchema,
  /** The images that every model has learned from. */
  dataset: datasetReferenceSchema,
  /** Mean and deviation of the data per value, as the networks see them. */
  moments: bundledFile,
  /** What the models may be told besides x: classes, and the shape of contexts. None where left out. */
  conditions: conditionsSchema.optional(),
  models: z.array(
    bundledFile.extend({
      index: z.int(),
      hash: z.string(),
      states: z.array(latentStateSchema).min(1),
      model: modelSchema,
      prediction: z.enum(predictions),
      images: z.int(),
      loss: z.number().nullable(),
      /** Other averages of the same training, in the order of training.ema.further. */
      further: z.array(bundledFile.extend({ halfLifeImages: z.int() })).optional(),
    }),
  ),
  /** States of the schedule that have no model, which the sampler passes over; none where left out. */
  missing: z.array(latentStateSchema).min(1).optional(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type BundledModel = Manifest['models'][number];

export type BundledFile = z.output<typeof bundledFile>;

export interface Bundle {
  manifest: Manifest;
  /** sha256 of manifest.json. */
  digest: string;
  /** Reads a file of the bundle and checks it. */
  read(file: BundledFile): Promise<Safetensors>;
  /** Checks a file and opens it, so that its tensors can be read one after the other. */
  open(file: BundledFile): Promise<TensorFile>;
}

/** Every file of a bundle but its manifest. */
export const filesOf = ({ models, moments }: Manifest): BundledFile[] => [
  ...models.flatMap((model) => [model, ...(model.further ?? [])]),
  moments,
];

/** Shape of what the networks of a bundle see: of its images, or of latents of them. */
export function networkShapeOf({ image, latents }: Pick<Manifest, 'image' | 'latents'>): NetworkShape {
  return latents === undefined ? image : shapeOfLatents(latents);
}

/** States of a manifest's models, the cleanest first. */
export function statesOf({ models }: Pick<Manifest, 'models'>): LatentState[] {
  return models.flatMap(({ states }) => states).sort((a, b) => a.index - b.index);
}

/** Whether states 0 … S − 1 have a model, or are said to have none, exactly once, with falling ᾱ. */
export function areWhole({ models, missing = [] }: Pick<Manifest, 'models' | 'missing'>): boolean {
  const states = [...statesOf({ models }), ...missing].sort((a, b) => a.index - b.index);
  return states.every(({ index, alphaBar }, i) => index === i && alphaBar < (states[i - 1]?.alphaBar ?? 1));
}

export const manifestFile = 'manifest.json';

/**
 * Opens a bundle.
 * @throws DdrError ModelMissing where there is none, DigestMismatch where it is not a whole
 */
export async function openBundle(store: StoreReader, folder: string, hash: string): Promise<Bundle> {
  const key = `${folder}/${manifestFile}`;
  const manifest = await readJson(store, key, manifestSchema);
  if (manifest === undefined) {
    throw new DdrError('ModelMissing', 'there is no bundle', {
      where: store.describe(folder),
      hint: makeAnew('aggregation'),
    });
  }
  if (manifest.hash !== hash || !areWhole(manifest)) {
    throw new DdrError('DigestMismatch', 'the manifest does not describe the bundle that was asked for', {
      where: store.describe(key),
    });
  }
  return {
    manifest,
    digest: sha256((await store.read(key)) ?? new Uint8Array()),
    read: async (file) => {
      const path = `${folder}/${file.file}`;
      return readSafetensors(await readRecorded(store, path, file), store.describe(path));
    },
    open: (file) => openTensorFile(store, `${folder}/${file.file}`, file),
  };
}

/**
 * Opens a bundle of any address.
 * @throws DdrError InputMissing where there is none, DigestMismatch where it is not a whole
 */
export async function openAnyBundle(store: StoreReader, folder: string): Promise<Bundle> {
  const manifest = await readJson(store, `${folder}/${manifestFile}`, manifestSchema);
  if (manifest !== undefined) return openBundle(store, folder, manifest.hash);
  throw new DdrError('InputMissing', `holds no ${manifestFile}, so it is no bundle`, { where: store.describe(folder) });
}

/** Moments of the data that a bundle's models have learned from. @throws DdrError DigestMismatch */
export async function bundleMoments({ manifest, read }: Bundle): Promise<Moments> {
  const { moments } = manifest;
  const { tensors } = await read(moments);
  const [mean, deviation] = [tensors.get('mean')?.values, tensors.get('deviation')?.values];
  if (mean === undefined || deviation === undefined)
    throw new DdrError('DigestMismatch', 'has no mean and deviation', { where: moments.file });
  return { mean, deviation };
}
