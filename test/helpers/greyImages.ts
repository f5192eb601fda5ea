import { writeFileSync } from 'node:fs';
import { normals, streams } from '../../src/diffusion/random.ts';
import { writeIdx } from '../../src/trainer/data/idx.ts';

/** Writes 200 images of 8 × 8 around a grey. */
export function writeImages(path: string, mean = 128): void {
  const pixels = Uint8Array.from(normals(1, streams.noise, 0, 200 * 64), (z) =>
    Math.min(255, Math.max(0, mean + 60 * z)),
  );
  writeFileSync(path, writeIdx({ shape: [200, 8, 8], data: pixels }));
}

/** What of a spec learns from them, at the path `images` of the claim `data`, by a small network. */
export const ofGreyImages = {
  dataset: {
    source: { volume: { claimName: 'data', path: 'images' } },
    format: 'Idx',
    image: { size: 8, channels: 1 },
  },
  model: { baseChannels: 8, channelMultipliers: [1, 2] },
};
