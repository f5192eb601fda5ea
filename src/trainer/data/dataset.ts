import { existsSync, statSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { Dataset, ImageShape } from '../../api/spec/dataset.ts';
import { sha256 } from '../formats/digest.ts';
import { readNpy } from '../formats/npy.ts';
import { readNpz } from '../formats/npz.ts';
import { readZip } from '../formats/zip.ts';
import { readIdx } from './idx.ts';
import { bytesPerImage, conform, decode, type ImageSet, isCutPng, isPngOrJpeg } from './images.ts';
import { readInput, resolveInVolume } from './volume.ts';

/** Hidden files are none: a Mac puts `._name.png` beside `name.png`, and a folder `__MACOSX` of them into archives. */
const imageName = /(^|\/)[^./][^/]*\.(png|jpe?g)$/i;
const idxNames = ['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz', 'train-images.idx3-ubyte'];

/** Images that are read between two words about how it goes. */
const imagesPerWord = 64;

/** Largest image that is decoded, against decompression bombs. */
const maximumPixels = 64_000_000;

/**
 * Reads a dataset into memory, brought to one size and number of channels.
 * @param root the dataset's volume
 * @param onImages told now and then that it goes on; may throw to stop
 * @throws DdrError InputMissing, InputTruncated, InputForeign, InputUnsafe, InputMismatch naming the file
 */
export async function readDataset(
  dataset: Dataset,
  root: string | undefined,
  onImages: () => Promise<void> = async () => {},
): Promise<ImageSet> {
  const path = await resolveInVolume(root, dataset.source.volume.path, 'dataset');
  const images = await collect(imagesOf(dataset, path, root as string), dataset, path, onImages);
  if (images.count === 0)
    throw new DdrError('InputMissing', `there are no images of format ${dataset.format}`, { where: path });
  return images;
}

/** sha256 over shape and pixels: what was really learned from. */
export function datasetDigest({ count, shape, pixels }: ImageSet): string {
  return sha256(`${count}×${shape.size}×${shape.size}×${shape.channels}\n`, pixels);
}

/** Images of the format, one by one, already conformed. */
function imagesOf(dataset: Dataset, path: string, root: string): AsyncGenerator<Uint8Array> {
  switch (dataset.format) {
    case 'Idx':
      return idxImages(path, dataset.image);
    case 'ImageFolder':
      return folderImages(path, root, dataset.image);
    case 'ImageZip':
      return zipImages(path, dataset.image);
    case 'Npy':
    case 'Npz':
      return arrayImages(path, dataset.format, dataset.image);
  }
}

async function collect(
  images: AsyncIterable<Uint8Array>,
  { image: shape, limit }: Dataset,
  where: string,
  onImages: () => Promise<void>,
): Promise<ImageSet> {
  const parts: Uint8Array[] = [];
  const wanted = bytesPerImage(shape);
  if (limit === undefined || limit > 0) {
    for await (const image of images) {
      if (image.length !== wanted)
        throw new DdrError('InputMismatch', `an image has ${image.length} bytes, not ${wanted}`, { where });
      parts.push(image);
      if (parts.length === limit) break;
      if (parts.length % imagesPerWord === 0) await onImages();
    }
  }
  const pixels = new Uint8Array(parts.length * wanted);
  parts.forEach((part, i) => {
    pixels.set(part, i * wanted);
  });
  return { count: parts.length, shape, pixels };
}

async function* idxImages(path: string, shape: ImageShape): AsyncGenerator<Uint8Array> {
  const file = isFolder(path) ? idxNames.map((name) => join(path, name)).find((name) => existsSync(name)) : path;
  if (file === undefined) {
    throw new DdrError('InputMissing', `the folder has none of ${idxNames.join(', ')}`, {
      where: path,
      hint: 'Name the images file in dataset.source.volume.path.',
    });
  }
  const { shape: dimensions, data } = readIdx(await readInput(file), file);
  yield* planes(dimensions, data, shape, file);
}

async function* arrayImages(path: string, format: 'Npy' | 'Npz', shape: ImageShape): AsyncGenerator<Uint8Array> {
  const bytes = await readInput(path);
  const foreign: DdrError[] = [];
  const arrays =
    format === 'Npy' ? { array: readNpy(bytes, path) } : readNpz(bytes, path, (error) => foreign.push(error));
  const bytesArrays = Object.values(arrays).filter(
    ({ data, shape }) => data instanceof Uint8Array && shape.length >= 3,
  );
  const [array] = bytesArrays;
  if (array === undefined)
    throw foreign[0] ?? new DdrError('InputForeign', 'has no uint8 array [N,H,W] or [N,H,W,C]', { where: path });
  if (bytesArrays.length > 1) throw new DdrError('InputForeign', 'has more than one array of images', { where: path });
  yield* planes(array.shape, array.data as Uint8Array, shape, path);
}

/** Images of one array [N,H,W] or [N,H,W,C]. */
async function* planes(
  dimensions: number[],
  data: Uint8Array,
  shape: ImageShape,
  where: string,
): AsyncGenerator<Uint8Array> {
  const [count = 0, height = 0, width = 0, channels = 1] = dimensions;
  if (dimensions.length < 3 || dimensions.length > 4 || ![1, 3, 4].includes(channels) || height === 0 || width === 0) {
    throw new DdrError(
      'InputForeign',
      `has shape [${dimensions.join(', ')}], not that of images [N,H,W] or [N,H,W,C]`,
      { where },
    );
  }
  const size = height * width * channels;
  for (let i = 0; i < count; i++) {
    const image = { width, height, channels, pixels: data.subarray(i * size, (i + 1) * size) };
    yield await conform(image, shape).catch((cause: unknown) => {
      throw new DdrError('InputForeign', `has images that cannot be resized: ${String(cause)}`, { where, cause });
    });
  }
}

async function* folderImages(path: string, root: string, shape: ImageShape): AsyncGenerator<Uint8Array> {
  if (!isFolder(path)) throw new DdrError('InputForeign', 'is not a folder', { where: path });
  const folder = relative(await realpath(root), path);
  for (const name of await imageNames(root, folder)) {
    // A link inside the folder may still lead out of the volume.
    const file = await resolveInVolume(root, join(folder, name), 'image');
    yield await decodeNamed(await readInput(file), shape, join(path, name));
  }
}

/**
 * Names of the images below a folder of the volume, in the order of their characters. Links are followed, but no folder
 * is entered twice: a link to a folder above would multiply the images.
 */
async function imageNames(root: string, top: string): Promise<string[]> {
  const names: string[] = [];
  const entered = new Set<string>();
  const waiting = [''];
  for (let within = waiting.pop(); within !== undefined; within = waiting.pop()) {
    const folder = await resolveInVolume(root, join(top, within), 'folder of images');
    if (entered.has(folder)) continue;
    entered.add(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries
      .filter(({ name }) => !name.startsWith('.'))
      .sort(byName)
      .reverse()) {
      const name = join(within, entry.name);
      // A link that leads nowhere is kept, to be refused by its name.
      if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name)))) waiting.push(name);
      else if (imageName.test(name)) names.push(name);
    }
  }
  return names.sort();
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

async function* zipImages(path: string, shape: ImageShape): AsyncGenerator<Uint8Array> {
  for (const { name, bytes } of readZip(await readInput(path), path, (name) => imageName.test(name))) {
    yield await decodeNamed(bytes, shape, `${path}:${name}`);
  }
}

async function decodeNamed(bytes: Uint8Array, shape: ImageShape, where: string): Promise<Uint8Array> {
  if (bytes.length === 0) throw new DdrError('InputTruncated', 'is empty', { where });
  if (!isPngOrJpeg(bytes)) throw new DdrError('InputForeign', 'is neither PNG nor JPEG', { where });
  try {
    return await decode(bytes, shape, maximumPixels);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/pixel limit/i.test(message))
      throw new DdrError('InputUnsafe', `has more than ${maximumPixels} pixels`, { where, cause });
    const truncated = isCutPng(bytes) || /premature/i.test(message);
    throw new DdrError(
      truncated ? 'InputTruncated' : 'InputForeign',
      `cannot be decoded as PNG or JPEG: ${message.split('\n')[0]}`,
      { where, cause },
    );
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    // A link to nothing or to itself.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP')) return false;
    throw error;
  }
}
