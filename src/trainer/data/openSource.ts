import { relative } from 'node:path';
import type { Dataset } from '../../api/spec/dataset.ts';
import { openArchive } from './archive.ts';
import { openIdx } from './arrayFiles.ts';
import { openArray } from './arrayImages.ts';
import { openArrays } from './arrayShards.ts';
import type { Findings } from './findings.ts';
import { openFolder } from './folder.ts';
import { openImageFiles } from './imageFiles.ts';
import { openShards } from './shards/openShards.ts';
import { parquet } from './shards/parquet.ts';
import { webDataset } from './shards/webDataset.ts';
import type { OpenSource, Tick } from './source.ts';
import type { SourceFiles } from './sourceFiles.ts';
import { openVolumeFiles } from './volumeFiles.ts';

/**
 * Opens a dataset's source: lists its files, chooses an array, reads headers.
 * @param path resolved, and `root` the volume that nothing of it may lie outside
 * @param findings what is found besides images is added to
 * @param tick told that it goes on
 * @param files shards, where they are not on the volume
 * @throws DdrError InputMissing, InputTruncated, InputForeign, InputUnsafe naming the file
 */
export async function openSource(
  dataset: Dataset,
  path: string,
  root: string,
  findings: Findings,
  tick: Tick,
  files?: SourceFiles | undefined,
): Promise<OpenSource> {
  const shards = () => files ?? openVolumeFiles(root, relative(root, path), path, tick);
  switch (dataset.format) {
    case 'ImageFolder':
      return openImageFiles(await openFolder(path, root, tick), dataset, findings, tick);
    case 'ImageZip':
      return openImageFiles(await openArchive(path), dataset, findings, tick);
    case 'WebDataset':
      return openShards(webDataset, await shards(), dataset, findings, tick);
    case 'Parquet':
      return openShards(parquet, await shards(), dataset, findings, tick);
    case 'Idx':
      return openArray(await openIdx(path), dataset, findings, tick);
    case 'Npy':
    case 'Npz':
    case 'Safetensors':
      return openArray(
        await openArrays(dataset.format, { path, root }, dataset.array, findings),
        dataset,
        findings,
        tick,
      );
  }
}
