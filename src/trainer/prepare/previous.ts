import { type PreparedRecord, preparedFile, preparedRecordSchema } from '../artifacts/prepared.ts';
import { readJson } from '../artifacts/records.ts';
import type { ArtifactStore } from '../artifacts/store.ts';

/**
 * The digest that the same source had when the run read it the same way before, where it was another. Of several the last
 * one: it is the one that no other came after.
 * @param folder of all records of the run
 */
export async function previousDigest(
  store: ArtifactStore,
  folder: string,
  { source, dataset }: PreparedRecord,
): Promise<string | undefined> {
  const others: PreparedRecord[] = [];
  for (const name of await store.list(folder)) {
    // A record that cannot be read has nothing to tell.
    const record = await readJson(store, `${folder}/${name}/${preparedFile}`, preparedRecordSchema).catch(
      () => undefined,
    );
    if (record?.source.where === source.where && record.source.reading === source.reading) others.push(record);
  }
  const different = others.filter((other) => other.dataset.sha256 !== dataset.sha256);
  const last = different.find((one) => !others.some(({ previous }) => previous === one.dataset.sha256));
  return (last ?? different[0])?.dataset.sha256;
}
