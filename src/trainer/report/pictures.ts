import sharp from 'sharp';
import type { Trajectory } from '../artifacts/samples.ts';
import type { NpyArray } from '../formats/npy.ts';

/** Pixels between two images of a grid, and its colour. */
const gap = 3;
const background = 40;

/** Side in pixels that small images are enlarged to, so that people can see them. */
const readable = 84;

/** Columns that trajectory.png has at most; with more states, evenly chosen ones. */
const maximumColumns = 65;

/** Columns and rows of the trajectory in the report, which has to fit a screen. */
const strips = { columns: 16, rows: 5 };

export interface Grid {
  rows: number;
  columns: number;
  size: number;
  channels: number;
  /** Pixels of the image in a cell; undefined leaves it empty. */
  at: (row: number, column: number) => Uint8Array | undefined;
}

/** A grid of images as PNG, each enlarged by a whole factor without smoothing. */
export function renderGrid({ rows, columns, size, channels, at }: Grid): Promise<Uint8Array> {
  const factor = Math.max(1, Math.floor(readable / size));
  const cell = size * factor + gap;
  const [width, height] = [columns * cell - gap, rows * cell - gap];
  const pixels = new Uint8Array(width * height * channels).fill(background);
  const draw = (image: Uint8Array, top: number, left: number) => {
    for (let y = 0; y < size * factor; y++) {
      for (let x = 0; x < size * factor; x++) {
        const from = (Math.floor(y / factor) * size + Math.floor(x / factor)) * channels;
        const to = ((top + y) * width + left + x) * channels;
        for (let channel = 0; channel < channels; channel++) pixels[to + channel] = image[from + channel] as number;
      }
    }
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const image = at(row, column);
      if (image !== undefined) draw(image, row * cell, column * cell);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } })
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

/** One column of a trajectory: the first samples from top to bottom, before the step that follows. */
export interface TrajectoryStrip {
  /** Steps that were done. */
  step: number;
  x: Uint8Array;
  /** x̂0 that the next model predicted from this x; none for the result. */
  predicted: Uint8Array | undefined;
}

export interface TrajectoryPicture {
  /** x above, x̂0 below; a row per sample, from noise on the left to the image on the right. */
  whole: Uint8Array;
  strips: TrajectoryStrip[];
}

/** All steps of 0 … last, or as many as allowed, evenly and with both ends. */
function chooseSteps(last: number, allowed: number): number[] {
  const columns = Math.min(last + 1, allowed);
  return Array.from({ length: columns }, (_, i) => Math.round((i * last) / Math.max(1, columns - 1)));
}

export async function renderTrajectory({ x, predicted }: Trajectory): Promise<TrajectoryPicture> {
  const [frames = 0, count = 0, size = 0, , channels = 1] = x.shape;
  const bytes = size * size * channels;
  const steps = chooseSteps(frames - 1, maximumColumns);
  const imageOf = ({ data, shape }: NpyArray<Uint8Array>, step: number, sample: number) => {
    if (step >= (shape[0] as number)) return undefined;
    const from = (step * count + sample) * bytes;
    return data.subarray(from, from + bytes);
  };
  const strip = (frames: NpyArray<Uint8Array>, step: number) =>
    renderGrid({
      rows: Math.min(count, strips.rows),
      columns: 1,
      size,
      channels,
      at: (row) => imageOf(frames, step, row),
    });
  const whole = renderGrid({
    rows: 2 * count + 1, // an empty row between the two
    columns: steps.length,
    size,
    channels,
    at: (row, column) => {
      if (row === count) return undefined;
      const step = steps[column] as number;
      return row < count ? imageOf(x, step, row) : imageOf(predicted, step, row - count - 1);
    },
  });
  const columns = chooseSteps(frames - 1, strips.columns).map(async (step) => ({
    step,
    x: await strip(x, step),
    predicted: step < frames - 1 ? await strip(predicted, step) : undefined,
  }));
  return { whole: await whole, strips: await Promise.all(columns) };
}
