import { DdrError } from '../../api/errors.ts';
import type { Dataset, Latents, NetworkShape } from '../../api/spec/dataset.ts';
import type { NumberArray } from './arrayImages.ts';
import { type ArrayFormat, openArrays } from './arrayShards.ts';
import type { Findings } from './findings.ts';
import { storedChannels } from './latents.ts';
import type { Tick } from './source.ts';
import { resolveInVolume } from './volume.ts';

/** Pre-encoded latents that have been opened. */
export interface LatentSource {
  total: number;
  /** Latents that are there, those beyond a limit counted. */
  entries: number;
  type: 'float16' | 'float32';
  /** One by one [h, w, c or 2c], means first. @param tick told of every one @throws DdrError InputForeign */
  latents(tick: Tick): AsyncGenerator<Float32Array>;
}

/** Bytes that are read at once. */
const pieceBytes = 2 ** 24;

/** The file with what `spread` names, where that is one of its own. */
export const spreadPath = async (
  { format, latents }: Dataset,
  root: string | undefined,
): Promise<string | undefined> =>
  format === 'Npy' && latents?.spread !== undefined
    ? resolveInVolume(root, latents.spread, 'spread of the latents')
    : undefined;

/** Where latents are: resolved, on the volume `root`. */
export interface LatentsPlace {
  path: string;
  root: string;
  /** Of {@link spreadPath}. */
  spreadFile: string | undefined;
}

/** The means, and what tells of their spread where it is an array of its own. */
async function arraysOf(
  { format, array, latents }: Dataset,
  { path, root, spreadFile }: LatentsPlace,
  findings: Findings,
): Promise<NumberArray[]> {
  const fits = ({ shape, type }: { shape: readonly number[]; type: string }) =>
    shape.length === 4 && type.startsWith('float');
  const wanted = { fits, kind: 'latents [N,C,H,W] or [N,H,W,C] of floats' };
  const open = (at: string, named: string | undefined) =>
    openArrays(isOfArrays(format) ? format : 'Npy', { path: at, root }, named, findings, wanted);
  const means = await open(path, array);
  if (spreadFile !== undefined) return [means, await open(spreadFile, undefined)];
  return latents?.spread === undefined ? [means] : [means, await open(path, latents.spread)];
}

const isOfArrays = (format: Dataset['format']): format is ArrayFormat =>
  format === 'Npy' || format === 'Npz' || format === 'Safetensors';

/** @throws DdrError InputForeign, InputMismatch */
function check(array: NumberArray, channels: number, { order }: Latents, { size }: NetworkShape, first: NumberArray) {
  const { where, type } = array;
  if (type !== 'float16' && type !== 'float32') {
    throw new DdrError('InputForeign', `has values of ${type}; latents are float16 or float32`, {
      where,
      hint: 'Save it with numpy.save(path, array.astype("float32")).',
    });
  }
  const [count] = first.shape;
  const wanted = order === 'ChannelsFirst' ? [count, channels, size, size] : [count, size, size, channels];
  if (array.shape.join() !== wanted.join()) {
    throw new DdrError(
      'InputMismatch',
      `has shape [${array.shape.join(', ')}], and the spec asks for [${wanted.join(', ')}] (${order})`,
      {
        where,
        hint: 'Its size is dataset.image.size / codec.downsampling, its channels codec.channels, twice of them where dataset.latents.values says that one array has the spread too.',
      },
    );
  }
  return type;
}

/**
 * Opens the latents of a source; they are read by position where they lie in an .npy file.
 * @param shape of what networks see
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputMismatch
 */
export async function openLatents(
  dataset: Dataset & { latents: Latents },
  place: LatentsPlace,
  shape: NetworkShape,
  findings: Findings,
): Promise<LatentSource> {
  const { latents, limit } = dataset;
  const arrays = await arraysOf(dataset, place, findings);
  const means = arrays[0] as NumberArray;
  const stored = storedChannels(shape.channels, latents.values);
  const types = arrays.map((each) => check(each, stored / arrays.length, latents, shape, means));
  const count = means.shape[0] as number;
  const total = Math.min(count, limit ?? count);
  return {
    total,
    entries: count,
    type: types.every((type) => type === 'float16') ? 'float16' : 'float32',
    latents: (tick) => latentsOf(arrays, total, shape.size ** 2, latents, tick),
  };
}

async function* latentsOf(
  arrays: readonly NumberArray[],
  total: number,
  pixels: number,
  { order, values }: Latents,
  tick: Tick,
): AsyncGenerator<Float32Array> {
  const each = (arrays[0] as NumberArray).shape.slice(1).reduce((product, size) => product * size, 1);
  const many = Math.max(1, Math.floor(pieceBytes / (4 * each * arrays.length)));
  for (let first = 0; first < total; first += many) {
    const size = Math.min(many, total - first);
    const slices = await Promise.all(arrays.map(async (array) => (await array.slice(first, size)) as Float32Array));
    for (let i = 0; i < size; i++) {
      await tick();
      const parts = slices.map((slice) => slice.subarray(i * each, (i + 1) * each));
      const latent = channelsLast(parts, pixels, order);
      requireNormal(latent, latent.length / pixels, values, first + i, (arrays[0] as NumberArray).where);
      yield latent;
    }
  }
}

/** Parts of one latent side by side in each pixel. */
function channelsLast(parts: readonly Float32Array[], pixels: number, order: Latents['order']): Float32Array {
  const width = parts.reduce((sum, part) => sum + part.length / pixels, 0);
  const latent = new Float32Array(pixels * width);
  let offset = 0;
  for (const part of parts) {
    const channels = part.length / pixels;
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let c = 0; c < channels; c++)
        latent[pixel * width + offset + c] = part[
          order === 'ChannelsFirst' ? c * pixels + pixel : pixel * channels + c
        ] as number;
    offset += channels;
  }
  return latent;
}

/** @throws DdrError InputForeign where a latent is no normal distribution */
function requireNormal(latent: Float32Array, width: number, values: Latents['values'], index: number, where: string) {
  if (!latent.every(Number.isFinite))
    throw new DdrError('InputForeign', `has values that are not finite numbers, first in latent ${index}`, { where });
  if (values === 'MeanAndDeviation' && latent.some((value, i) => i % width >= width / 2 && value < 0)) {
    throw new DdrError('InputForeign', `has a deviation below 0, first in latent ${index}`, {
      where,
      hint: 'If these are logarithms of variances, set dataset.latents.values to MeanAndLogVariance.',
    });
  }
}
