import type { Dataset } from '../../../api/spec/dataset.ts';
import type { NpyArray } from '../../formats/npy.ts';
import type { Findings } from '../findings.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';

/**
 * Where an image's bytes are: [offset, offset + length) of the shard is what is fetched. Entries that follow one another may
 * be of one range: it is then fetched once for all of them.
 */
export interface ShardEntry {
  offset: number;
  length: number;
  /** Which image of the range, where it holds several: a row of a column chunk. */
  row?: number;
  /** Its class, where dataset.labels are from the shards. */
  label?: number;
  /** What messages call it, with the shard's name. */
  name: string;
}

/** An image as a shard has it: as a file of its own would (PNG, JPEG, WebP …), or as an array [H,W], [H,W,C] or [C,H,W]. */
export type ShardImage = { kind: 'encoded'; bytes: Uint8Array } | { kind: 'array'; array: NpyArray };

/** A shard that has been opened: its beginning or its footer was read. */
export interface Shard {
  /** Names of the classes, where the shard has them. */
  classNames?: readonly string[];
  /**
   * The images in their order. Reads as little as it can of them, and decodes none.
   * @throws DdrError InputForeign, InputTruncated, InputUnsafe, InputMismatch where a label is missing; what reading throws
   */
  entries(): AsyncIterable<ShardEntry>;
  /**
   * An image, from the bytes of its entry's range. What is unpacked of a range is kept for as long as the range itself is: ask
   * with the same array for all its entries.
   * @throws DdrError InputForeign, InputTruncated, InputUnsafe: this image is broken
   */
  extract(range: Uint8Array, entry: Pick<ShardEntry, 'offset' | 'row'>): Promise<ShardImage>;
}

/** A way in which files hold images, many in each. */
export interface ShardFormat {
  /** Whether a file is a shard by its name. */
  isShard(name: string): boolean;
  /**
   * @param findings what is found besides images is added to
   * @throws DdrError InputForeign, InputTruncated, InputUnsafe naming the shard; what reading throws
   */
  open(files: SourceFiles, file: SourceFile, dataset: Dataset, findings: Findings): Promise<Shard>;
}
