import type { Dataset } from '../../../api/spec/dataset.ts';
import type { ShardFormat } from '../shards/shard.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';
import type { IndexEntry } from './indexEntry.ts';
import type { RangeCache } from './rangeCache.ts';

/** An index, and what its images are read from. */
export interface Streamed {
  dataset: Dataset;
  format: ShardFormat;
  files: SourceFiles;
  shards: readonly SourceFile[];
  /** Images. */
  count: number;
  /** Where image `index` is. */
  entryAt(index: number): IndexEntry;
  /** None where files are read in place. */
  cache: RangeCache | undefined;
}
