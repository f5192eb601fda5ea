import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import { type Dataset, datasetSchema } from '../../src/api/spec/dataset.ts';
import { pathOfSource } from '../../src/api/spec/source.ts';
import { type Findings, noFindings } from '../../src/trainer/data/findings.ts';
import { openSource } from '../../src/trainer/data/openSource.ts';
import { resolveInVolume } from '../../src/trainer/data/volume.ts';
import { temporaryFolder } from './folder.ts';

/** A dataset's spec: 4×4 in grey, unless said otherwise. */
export const datasetOf = (format: Dataset['format'], path: string, fields: object = {}): Dataset =>
  datasetSchema.parse({
    source: { volume: { claimName: 'data', path } },
    format,
    image: { size: 4, channels: 1 },
    ...fields,
  });

/** A volume with these files. */
export function volumeOf(t: TestContext, files: Record<string, Uint8Array | string>): string {
  const root = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

export interface ReadImages {
  count: number;
  pixels: Uint8Array;
  findings: Findings;
}

const tick = async () => {};

/** A source on a volume, and where it is. */
export async function openedSource(dataset: Dataset, root: string, findings = noFindings()) {
  const path = await resolveInVolume(root, pathOfSource(dataset.source), 'dataset');
  return { source: await openSource(dataset, path, root, findings, tick), place: { path, root } };
}

/** All images of a source. */
export async function readImages(dataset: Dataset, root: string): Promise<ReadImages> {
  const findings = noFindings();
  const { source } = await openedSource(dataset, root, findings);
  const images: Uint8Array[] = [];
  for await (const { pixels } of source.images(tick)) images.push(pixels);
  return { count: images.length, pixels: new Uint8Array(Buffer.concat(images)), findings };
}

/** A square PNG of one grey value. */
export const png = async (value: number, size = 4): Promise<Uint8Array> =>
  new Uint8Array(
    await sharp(new Uint8Array(size * size).fill(value), { raw: { width: size, height: size, channels: 1 } })
      .png()
      .toBuffer(),
  );

/** All that comes, as one. */
export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}
