import { z } from 'zod';
import { floatsOf, readNpz, writeNpz } from '../formats/npz.ts';
import type { FeatureSums } from '../metrics/statistics.ts';
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
