import type { SourceFile, SourceFiles } from '../sourceFiles.ts';

/** Bytes that are read at once, and how many such pieces are kept. */
const [blockBytes, keptBlocks] = [2 ** 22, 4];

/**
 * The same files, read by blocks of which the last ones are kept: for small ranges that come nearly in order. Larger ranges
 * pass as they are.
 */
export function inBlocks(files: SourceFiles): SourceFiles {
  const kept = new Map<string, Promise<Uint8Array>>(); // in the order in which they were last asked for

  function block(file: SourceFile, index: number): Promise<Uint8Array> {
    const key = `${index} ${file.name}`;
    const offset = index * blockBytes;
    const bytes = kept.get(key) ?? files.range(file, offset, Math.min(blockBytes, file.size - offset));
    kept.delete(key);
    kept.set(key, bytes);
    for (const [oldest] of kept) if (kept.size > keptBlocks) kept.delete(oldest);
    return bytes;
  }

  async function range(file: SourceFile, offset: number, length: number): Promise<Uint8Array> {
    const end = offset + length;
    if (length === 0 || length > blockBytes || end > file.size) return files.range(file, offset, length);
    const first = Math.floor(offset / blockBytes);
    const [from, last] = [first * blockBytes, Math.floor((end - 1) / blockBytes)];
    const bytes = await block(file, first);
    if (last === first) return bytes.subarray(offset - from, end - from);
    const rest = (await block(file, last)).subarray(0, end - last * blockBytes);
    return new Uint8Array(Buffer.concat([bytes.subarray(offset - from), rest]));
  }
  return { ...files, range };
}
