// Gives each class of a folder of MNIST-like data a fixed context, which stands in for what a text encoder makes of its name:
// contexts.npy has one per image, prompts.npy one per class. `node scripts/class-contexts.ts FOLDER`
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { normals, streams } from '../src/diffusion/random.ts';
import { readIdx } from '../src/trainer/data/idx.ts';
import { writeNpy } from '../src/trainer/formats/npy.ts';

const [classes, tokens, width] = [10, 4, 32];

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node scripts/class-contexts.ts FOLDER');
  process.exit(2);
}
const file = join(folder, 'train-labels-idx1-ubyte.gz');
const { data: labels } = readIdx(readFileSync(file), file);
const perClass = Array.from({ length: classes }, (_, label) => normals(0, streams.noise, label, tokens * width));

function write(name: string, of: ArrayLike<number>): void {
  const data = new Float32Array(of.length * tokens * width);
  for (let i = 0; i < of.length; i++) data.set(perClass[of[i] as number] as Float64Array, i * tokens * width);
  writeFileSync(join(folder as string, name), writeNpy({ shape: [of.length, tokens, width], data }));
}
write('contexts.npy', labels);
write(
  'prompts.npy',
  perClass.map((_, label) => label),
);
console.log(`contexts of ${labels.length} images and ${classes} classes are in ${folder}`);
