import type { FileMetaData } from 'hyparquet';
import { DdrError } from '../../../api/errors.ts';
import type { Dataset } from '../../../api/spec/dataset.ts';
import { pageHeadBytes } from '../../formats/parquetPages.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';
import { forward } from './forward.ts';
import { featuresOf, imageColumn, type Leaf, labelColumn, leavesOf } from './parquetColumns.ts';
import { type Chunk, chunkOf, damaged, readFooter, readPages } from './parquetFile.ts';
import { segmentsOf } from './parquetSegments.ts';
import type { Shard, ShardEntry, ShardFormat } from './shard.ts';

/** Parquet files as the datasets library of Hugging Face lays them out: a struct {bytes, path} of the image, and its class. */
export const parquet: ShardFormat = {
  isShard: (name) => /\.(parquet|parq|pq)$/i.test(name),
  async open(files, file, dataset) {
    const where = `${files.where}: ${file.name}`;
    const metadata = await readFooter(files, file, where);
    const { image, label } = columnsOf(metadata, dataset, where);
    const place = { size: file.size, where };
    const chunks = metadata.row_groups.map((_, group) => chunkOf(metadata, group, image.path, place));
    const opened = { files, file, metadata, chunks, where };
    return {
      ...(label?.classNames !== undefined && { classNames: label.classNames }),
      entries: () => entriesOf(opened, label),
      extract: extractor(opened, image),
    };
  },
};

interface Opened {
  files: SourceFiles;
  file: SourceFile;
  metadata: FileMetaData;
  /** Of the images, one a row group. */
  chunks: readonly Chunk[];
  where: string;
}

function columnsOf(metadata: FileMetaData, { field, labels }: Dataset, where: string) {
  let leaves: Leaf[];
  try {
    leaves = leavesOf(metadata);
  } catch (cause) {
    throw damaged(cause, where);
  }
  const features = featuresOf(metadata);
  return {
    image: imageColumn(leaves, features, field, where),
    label: labels?.from === 'Column' ? labelColumn(leaves, features, labels.field, where) : undefined,
  };
}

async function* entriesOf(opened: Opened, label: Leaf | undefined): AsyncGenerator<ShardEntry> {
  const { files, file, chunks, where } = opened;
  const read = forward(files, file, pageHeadBytes);
  let row = 0;
  for (const [group, chunk] of chunks.entries()) {
    const labels = label && (await labelsOf(opened, group, label));
    const first = row;
    for (const { offset, length, rows } of await segmentsOf(chunk, read, where))
      for (let within = 0; within < rows; within++, row++) {
        const name = `${where}: row ${row}`;
        yield { offset, length, row: within, name, ...(labels && { label: labels[row - first] as number }) };
      }
  }
}

/** @throws DdrError InputMismatch where an image has no label */
async function labelsOf(
  { files, file, metadata, where }: Opened,
  group: number,
  { path, name }: Leaf,
): Promise<number[]> {
  const chunk = chunkOf(metadata, group, path, { size: file.size, where });
  const { offset, length, rows } = chunk;
  if (rows === 0) return [];
  const values = await readPages(chunk, path, await files.range(file, offset, length), offset, where);
  if (values.length !== rows)
    throw new DdrError('InputForeign', `has ${values.length} of ${rows} labels in row group ${group}`, { where });
  return values.map((value, row) => {
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
    throw new DdrError('InputMismatch', `has no label in ${name}, row ${row} of row group ${group}`, { where });
  });
}

/** Reads images; what a range unpacks to is forgotten with the range. */
function extractor({ chunks, where }: Opened, { path }: Leaf): Shard['extract'] {
  const unpacked = new WeakMap<Uint8Array, Promise<unknown[]>>();
  return async (range, { offset, row = 0 }) => {
    const chunk = chunks.find((each) => each.offset <= offset && offset < each.offset + each.length);
    if (chunk === undefined) throw new DdrError('InputForeign', `has no images at byte ${offset}`, { where });
    const values = unpacked.get(range) ?? readPages(chunk, path, range, offset, where);
    unpacked.set(range, values);
    const bytes = (await values)[row];
    if (bytes instanceof Uint8Array) return { kind: 'encoded', bytes };
    throw new DdrError('InputForeign', 'has no image in this row: no bytes, only null or the path of a file', {
      where,
      hint: 'Write the images into the file: datasets does so in push_to_hub and to_parquet, once they are decoded or cast to Image().',
    });
  };
}
