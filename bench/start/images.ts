import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { datasetSchema } from '../../src/api/spec/dataset.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import { writeIdx } from '../../src/trainer/data/idx.ts';
import { runPrepare } from '../../src/trainer/prepare/prepare.ts';

/** Where Debian's package dataset-fashion-mnist has its 60,000 images. */
const fashion = '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz';
const fashionImages = 60_000;

/** Images of 28×28 that no two are alike, as MNIST's files have them. */
function madeUp(folder: string, count: number): string {
  const data = new Uint8Array(count * 28 * 28);
  for (let i = 0; i < data.length; i++) data[i] = Math.imul(i, 2654435761) >>> 24;
  const file = join(folder, `${count}.idx`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, writeIdx({ shape: [count, 28, 28], data }));
  return file;
}

export interface PreparedImages {
  /** Address of the prepared dataset. */
  dataset: string;
  /** What they are. */
  from: string;
  /** That preparing took. */
  seconds: number;
}

/** Prepares the first `count` images in a store at `root`. */
export async function preparedImages(root: string, count: number): Promise<PreparedImages> {
  const known = count <= fashionImages && existsSync(fashion);
  const file = known ? fashion : madeUp(join(root, 'data'), count);
  const dataset = datasetSchema.parse({
    source: { volume: { claimName: 'data', path: file.slice(dirname(file).length + 1) } },
    format: 'Idx',
    image: { size: 28, channels: 1 },
    limit: count,
  });
  const began = performance.now();
  const result = await runPrepare(
    { kind: 'prepare', directory: 'runs/bench', hash: String(count).padStart(16, '0'), dataset },
    {
      store: createPosixStore(root),
      volumes: { data: dirname(file) },
      logger: pino({ level: 'warn' }),
      progress: () => {},
      signal: new AbortController().signal,
      seconds: () => performance.now() / 1000,
      gpuGiven: false,
      completionIndex: 0,
    },
  );
  if (result.kind !== 'prepare') throw new Error('nothing was prepared');
  const seconds = (performance.now() - began) / 1000;
  return { dataset: result.sha256.slice(0, 16), from: known ? 'Fashion-MNIST' : 'made-up images', seconds };
}
