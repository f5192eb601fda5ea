import type { FileName } from './fileName.ts';
import type { SourceFile } from './sourceFiles.ts';

/** Told at every step of reading that it goes on; may throw to stop. */
export type Tick = () => Promise<void>;

/** An image of a source, brought to the wanted shape. */
export interface SourceImage {
  /** Which of the source's images it is, those counted that are left out: labels and contexts are in this order. */
  position: number;
  /** size × size × channels bytes. */
  pixels: Uint8Array;
  /** Where it is, in a source of shards. */
  place?: ImagePlace;
}

/** Where an image of a shard is. */
export interface ImagePlace {
  /** Number of the shard in the source's list. */
  shard: number;
  /** [offset, offset + length) of the shard is what is fetched. */
  offset: number;
  length: number;
  /** Which image of the range, where it holds several. */
  row?: number;
}

/** Files that images are read from. */
export interface NamedImages {
  /** Of the images, in their order: paths below the folder, or in the archive. */
  names: readonly FileName[];
  /** Another file of the folder or archive; undefined where it is not there. @param key as pathKey() has it */
  beside(key: string): Promise<{ bytes: Uint8Array; where: string } | undefined>;
}

/** A source of images that has been opened: its files are listed, its headers checked. */
export interface OpenSource {
  /** Images that come; fewer where broken ones are left out. */
  total: number;
  /** Images that are there, those beyond a limit counted. */
  entries: number;
  /** Where the images are in shards: these, in the order of their names. */
  shards?: readonly SourceFile[];
  /** Where the images are files. */
  files?: NamedImages;
  /** Classes that come with the images, those beyond a limit counted; and what the source calls the classes. */
  labels?: { values: readonly number[]; names: readonly string[] | undefined };
  /**
   * The images one by one.
   * @param tick told of every image that is looked at
   */
  images(tick: Tick): AsyncGenerator<SourceImage>;
}
