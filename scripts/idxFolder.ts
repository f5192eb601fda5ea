import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeIdx } from '../src/trainer/data/idx.ts';

/** Pictures of 28×28 grey pixels, 0 … 255, and what each shows. */
export interface LabelledImages {
  count: number;
  images: Uint8Array;
  labels: Uint8Array;
}

/**
 * Writes pictures as the two IDX files of MNIST, where they are not there yet.
 * @param suffix of their names; `.gz` compresses them
 * @returns how many were written; undefined where they were there
 */
export function writeIdxFolder(folder: string, suffix: '' | '.gz', read: () => LabelledImages): number | undefined {
  const target = join(folder, `train-images-idx3-ubyte${suffix}`);
  if (existsSync(target)) return undefined;
  const { count, images, labels } = read();
  const packed = (bytes: Uint8Array) => (suffix === '.gz' ? gzipSync(bytes) : bytes);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `train-labels-idx1-ubyte${suffix}`), packed(writeIdx({ shape: [count], data: labels })));
  // Renamed into place: a file that is there is whole, whenever this was interrupted.
  const partial = `${target}.${process.pid}`;
  writeFileSync(partial, packed(writeIdx({ shape: [count, 28, 28], data: images })));
  renameSync(partial, target);
  return count;
}
