import { createHash } from 'node:crypto';
import type { ImagePlace } from '../source.ts';

/** Where an image of a dataset is, and what comes of it. */
export interface IndexEntry extends ImagePlace {
  /** First 8 bytes of the sha256 of its pixels, as {@link pixelsDigest} gives them. */
  digest: bigint;
}

/** Words of an entry, 32 bits each: shard, row + 1 or 0, and offset, length and digest of two words, the lower first. */
export const entryWords = 8;
export const entryBytes = 4 * entryWords;

/** Shards, and rows of a range, that an index can tell apart. */
export const mostNumbered = 2 ** 32 - 1;

export const pixelsDigest = (pixels: Uint8Array): bigint =>
  createHash('sha256').update(pixels).digest().readBigUInt64LE();

/** Writes an entry as it lies in an index. Offset and length are exact up to 2^53. */
export function writeEntry({ shard, offset, length, row, digest }: IndexEntry): Uint8Array {
  const bytes = new Uint8Array(entryBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, shard, true);
  view.setUint32(4, row === undefined ? 0 : row + 1, true);
  view.setBigUint64(8, BigInt(offset), true);
  view.setBigUint64(16, BigInt(length), true);
  view.setBigUint64(24, digest, true);
  return bytes;
}

/** Reads an entry. @param at where it begins in the bytes */
export function readEntry(bytes: Uint8Array, at = 0): IndexEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, entryBytes);
  const row = view.getUint32(4, true);
  return {
    shard: view.getUint32(0, true),
    offset: Number(view.getBigUint64(8, true)),
    length: Number(view.getBigUint64(16, true)),
    ...(row > 0 && { row: row - 1 }),
    digest: view.getBigUint64(24, true),
  };
}
