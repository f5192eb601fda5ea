import { DdrError } from '../../../api/errors.ts';
import type { Dataset } from '../../../api/spec/dataset.ts';
import { parquet } from './parquet.ts';
import type { ShardFormat } from './shard.ts';
import { webDataset } from './webDataset.ts';

const shardFormats: Partial<Record<Dataset['format'], ShardFormat>> = { WebDataset: webDataset, Parquet: parquet };

/** How the shards of a format are read. @throws DdrError InvalidTask for one that has none */
export function shardFormatOf({ format }: Pick<Dataset, 'format'>): ShardFormat {
  const found = shardFormats[format];
  if (found === undefined) throw new DdrError('InvalidTask', `images of format ${format} cannot be streamed`);
  return found;
}
