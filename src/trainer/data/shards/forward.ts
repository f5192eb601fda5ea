import type { SourceFile, SourceFiles } from '../sourceFiles.ts';

/** Bytes that are read at once: a few images, so that larger ones are jumped over. */
const windowBytes = 2 ** 20;

/** Bytes [offset, offset + length) of a file, fewer where it ends before. */
export type Read = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Reads a file in small steps forward by few requests.
 * @param least bytes that are read at once
 */
export function forward(files: SourceFiles, file: SourceFile, least = windowBytes): Read {
  let from = 0;
  let window = new Uint8Array();
  return async (offset, length) => {
    const end = Math.min(offset + length, file.size);
    if (end <= offset) return new Uint8Array();
    if (offset < from || end > from + window.length) {
      const size = Math.min(Math.max(length, least), file.size - offset);
      window = new Uint8Array(await files.range(file, offset, size));
      from = offset;
    }
    return window.subarray(offset - from, end - from);
  };
}
