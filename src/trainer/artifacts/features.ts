import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { floatsOf, readNpz, writeNpz } from '../formats/npz.ts';
import type { FeatureSums, Statistics } from '../metrics/statistics.ts';
import { fileRecordSchema, readJson, readRecorded, recordOf, toJson } from './records.ts';
import type { ArtifactStore } from './store.ts';

const recordSchema = z.object({ count: z.int(), dimensions: z.int(), file: fileRecordSchema });
const fileName = 'features.npz';

/** Commits feature sums as a folder with their digest. */
export async function saveFeatures(
  store: ArtifactStore,
  folder: string,
  { count, dimensions, sum, outer }: FeatureSums,
): Promise<void> {
  const bytes = writeNpz({
    sum: { shape: [dimensions], data: sum },
    outer: { shape: [dimensions, dimensions], data: outer },
  });
  await store.commit(folder, {
    [fileName]: bytes,
    'features.json': toJson({ count, dimensions, file: recordOf(bytes) }),
  });
}

/** @returns undefined where there are none @throws DdrError DigestMismatch */
export async function loadFeatures(store: ArtifactStore, folder: string): Promise<FeatureSums | undefined> {
  const record = await readJson(store, `${folder}/features.json`, recordSchema);
  if (record === undefined) return undefined;
  const key = `${folder}/${fileName}`;
  const path = store.describe(key);
  const arrays = readNpz(await readRecorded(store, key, record.file), path);
  return {
    count: record.count,
    dimensions: record.dimensions,
    sum: floatsOf(arrays, 'sum', 1, path).data,
    outer: floatsOf(arrays, 'outer', 2, path).data,
  };
}

/** Statistics as pytorch-fid keeps them: an .npz with `mu` [d] and `sigma` [d, d]. */
export const writeStatistics = ({ dimensions, mean, covariance }: Statistics): Uint8Array =>
  writeNpz({ mu: { shape: [dimensions], data: mean }, sigma: { shape: [dimensions, dimensions], data: covariance } });

/** @throws DdrError InputForeign, InputMismatch where mu and sigma do not fit */
export function readStatistics(bytes: Uint8Array, where: string): Statistics {
  const arrays = readNpz(bytes, where);
  const mean = floatsOf(arrays, 'mu', 1, where);
  const covariance = floatsOf(arrays, 'sigma', 2, where);
  const dimensions = mean.data.length;
  if (covariance.shape.some((size) => size !== dimensions)) {
    throw new DdrError('InputMismatch', `sigma is [${covariance.shape.join(', ')}] and mu has ${dimensions} values`, {
      where,
    });
  }
  if (![mean, covariance].every(({ data }) => data.every(Number.isFinite)))
    throw new DdrError('InputForeign', 'mu or sigma has values that are not finite', { where });
  return { count: undefined, dimensions, mean: mean.data, covariance: covariance.data };
}
