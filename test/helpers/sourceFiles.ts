import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byName, type SourceFile, type SourceFiles } from '../../src/trainer/data/sourceFiles.ts';

/** Files that are in memory, and the ranges that were asked for. */
export interface MemoryFiles extends SourceFiles {
  asked: { name: string; offset: number; length: number }[];
}

export function memoryFiles(files: Record<string, Uint8Array>): MemoryFiles {
  const asked: MemoryFiles['asked'] = [];
  const content = ({ name, size }: SourceFile, offset: number, length: number) => {
    const bytes = files[name];
    if (bytes === undefined || offset < 0 || offset + length > size)
      throw new RangeError(`${name} ${offset} ${length}`);
    return bytes.slice(offset, offset + length);
  };
  return {
    where: 'memory',
    asked,
    list: async () =>
      Object.entries(files)
        .map(([name, { length }]) => ({ name, size: length, version: `${length}` }))
        .sort(byName),
    async range(file, offset, length) {
      asked.push({ name: file.name, offset, length });
      return content(file, offset, length);
    },
    async *stream(file) {
      yield content(file, 0, file.size);
    },
  };
}

/** A file of memory as it would be listed. */
export const fileOf = async (files: SourceFiles, name: string): Promise<SourceFile> => {
  const file = (await files.list()).find((each) => each.name === name);
  if (file === undefined) throw new Error(`no ${name}`);
  return file;
};

/** A file of test/fixtures/shards, which shards.py beside it has made. */
export const shardFixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, '../fixtures/shards', name)));

/** All that comes. */
export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
