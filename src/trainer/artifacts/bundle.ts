import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { modelSchema } from '../../api/spec/model.ts';
import { latentStateSchema } from '../../api/task.ts';
import { sha256 } from '../formats/digest.ts';
import { readSafetensors, type Safetensors } from '../formats/safetensors.ts';
import { fileRecordSchema, makeAnew, readJson, readRecorded } from './commit.ts';

/** Grows when a reader of before could no longer read what is written. */
export const bundleFormat = 1;

const fileName = z.string().regex(/^[a-z0-9-]+\.safetensors$/); // a name, never a path
const bundledFile = fileRecordSchema.extend({ file: fileName });

/** What makes K models one sampler. It holds no times: equal models give an equal manifest. */
export const manifestSchema = z.object({
  format: z.literal(bundleFormat),
  hash: z.string(),
  image: z.object({ size: z.int(), channels: z.union([z.literal(1), z.literal(3)]) }),
  timesteps: z.int(),
  family: z.string(),
  alphas: z.string(),
  dataset: z.object({ count: z.int(), sha256: z.string() }),
  /** Mean and deviation of the data per pixel, in [−1, 1]. */
  moments: bundledFile,
  models: z.array(
    bundledFile.extend({
      index: z.int(),
      hash: z.string(),
      states: z.array(latentStateSchema).min(1),
      model: modelSchema,
      prediction: z.enum(['Epsilon', 'V', 'X0']),
      images: z.int(),
      loss: z.number().nullable(),
    }),
  ),
});

export type Manifest = z.output<typeof manifestSchema>;
export type BundledModel = Manifest['models'][number];

export interface Bundle {
  manifest: Manifest;
  /** sha256 of manifest.json. */
  digest: string;
  /** Reads a file of the bundle and checks it. */
  read(file: z.output<typeof bundledFile>): Promise<Safetensors>;
}

/** States of a manifest, the cleanest first; every state of 0 … S − 1 exactly once. */
export function statesOf({ models }: Manifest): { state: number; timestep: number; alphaBar: number }[] {
  return models.flatMap(({ states }) => states).sort((a, b) => a.state - b.state);
}

/**
 * Opens a bundle.
 * @throws DdrError ModelMissing where there is none, DigestMismatch where it is not a whole
 */
export async function openBundle(folder: string, hash: string): Promise<Bundle> {
  const path = join(folder, 'manifest.json');
  const manifest = await readJson(path, manifestSchema);
  if (manifest === undefined)
    throw new DdrError('ModelMissing', 'there is no bundle', { where: folder, hint: makeAnew('aggregation') });
  const states = statesOf(manifest);
  const whole = states.every(({ state, alphaBar }, i) => state === i && alphaBar < (states[i - 1]?.alphaBar ?? 1));
  if (manifest.hash !== hash || !whole) {
    throw new DdrError('DigestMismatch', 'the manifest does not describe the bundle that was asked for', {
      where: path,
    });
  }
  return {
    manifest,
    digest: sha256(await readFile(path)),
    read: async (file) => readSafetensors(await readRecorded(join(folder, file.file), file), join(folder, file.file)),
  };
}
