import sharp from 'sharp';
import type { NpyArray } from '../formats/npy.ts';

/** Pixels between two images of a grid, and its colour. */
const gap = 2;
const background = 24;

/** Side in pixels that small images are enlarged to, so that people can see them. */
const readable = 64;

/** Columns that a picture of a walk has at most; with more states, evenly chosen ones. */
const maximumColumns = 41;

interface Grid {
  rows: number;
  columns: number;
  size: number;
  channels: number;
  /** Pixels of the image in a cell; undefined leaves it empty. */
  at: (row: number, column: number) => Uint8Array | undefined;
}

/** A grid of images as PNG, each enlarged by a whole factor without smoothing. */
async function renderGrid({ rows, columns, size, channels, at }: Grid): Promise<Uint8Array> {
  const cell = size + gap;
  const [width, height] = [columns * cell - gap, rows * cell - gap];
  const pixels = new Uint8Array(width * height * channels).fill(background);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const image = at(row, column);
      if (image === undefined) continue;
      for (let y = 0; y < size; y++) {
        const line = image.subarray(y * size * channels, (y + 1) * size * channels);
        pixels.set(line, ((row * cell + y) * width + column * cell) * channels);
      }
    }
  }
  const factor = Math.max(1, Math.floor(readable / size));
  return sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
    .resize(width * factor, height * factor, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

/** Samples [N,H,W,C] as a near-square grid. */
export function renderSamples({ shape, data }: NpyArray<Uint8Array>): Promise<Uint8Array> {
  const [count = 0, size = 0, , channels = 1] = shape;
  const columns = Math.ceil(Math.sqrt(count));
  const bytes = size * size * channels;
  const at = (row: number, column: number) => {
    const index = row * columns + column;
    return index < count ? data.subarray(index * bytes, (index + 1) * bytes) : undefined;
  };
  return renderGrid({ rows: Math.ceil(count / columns), columns, size, channels, at });
}

export interface WalkPicture {
  whole: Uint8Array;
  /** One strip per column: how many steps were done, and the samples at that moment from top to bottom. */
  strips: { step: number; png: Uint8Array }[];
}

/** A walk [steps + 1, n, H, W, C]: a row per sample, from noise on the left to the image on the right. */
export async function renderWalk({ shape, data }: NpyArray<Uint8Array>): Promise<WalkPicture> {
  const [frames = 0, count = 0, size = 0, , channels = 1] = shape;
  const columns = Math.min(frames, maximumColumns);
  const steps = Array.from({ length: columns }, (_, i) => Math.round((i * (frames - 1)) / Math.max(1, columns - 1)));
  const bytes = size * size * channels;
  const image = (step: number, sample: number) => {
    const index = step * count + sample;
    return data.subarray(index * bytes, (index + 1) * bytes);
  };
  const grid = (chosen: number[]) =>
    renderGrid({
      rows: count,
      columns: chosen.length,
      size,
      channels,
      at: (row, column) => image(chosen[column] as number, row),
    });
  return {
    whole: await grid(steps),
    strips: await Promise.all(steps.map(async (step) => ({ step, png: await grid([step]) }))),
  };
}
