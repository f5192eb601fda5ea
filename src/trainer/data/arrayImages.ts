import { DdrError } from '../../api/errors.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { ElementType, Numbers } from '../formats/elements.ts';
import { type ArrayLayout, channelsLast, requireLayout } from './arrayLayout.ts';
import { bytesOf, noRange, type Scale, scaleOf, widened } from './arrayValues.ts';
import { conform } from './conform.ts';
import { type Findings, note } from './findings.ts';
import type { OpenSource, SourceImage, Tick } from './source.ts';

/** An array of numbers, wherever it lies. */
export interface NumberArray {
  /** What messages call it. */
  where: string;
  type: ElementType;
  shape: readonly number[];
  /** Elements of entries first … first + size − 1 along the first axis, in C order. */
  slice(first: number, size: number): Promise<Numbers>;
}

/** Bytes that are read at once. */
const pieceBytes = 2 ** 24;

/** Pieces of an array: which entries, and their elements. */
async function* piecesOf(array: NumberArray, count: number): AsyncGenerator<Numbers> {
  const perEntry = array.shape.slice(1).reduce((product, size) => product * size, 1) * 8;
  const size = Math.max(1, Math.floor(pieceBytes / perEntry));
  for (let first = 0; first < count; first += size) yield array.slice(first, Math.min(size, count - first));
}

/** How the values become bytes. All of them decide, also those beyond a limit: a limit must not change the others. */
async function findScale(array: NumberArray, tick: Tick): Promise<Scale> {
  let range = noRange;
  if (array.type !== 'uint8' && array.type !== 'bool') {
    for await (const values of piecesOf(array, array.shape[0] as number)) {
      range = widened(range, values);
      await tick();
    }
  }
  return scaleOf(array.type, range, array.where);
}

/** Opens an array as a source of images. @throws DdrError InputForeign */
export async function openArray(
  array: NumberArray,
  dataset: Dataset,
  findings: Findings,
  tick: Tick,
): Promise<OpenSource> {
  const layout = requireLayout(array.shape, array.where);
  const entries = layout.count;
  const total = Math.min(entries, dataset.limit ?? entries);
  if (total === 0) return { total, entries, images: async function* () {} };
  const scale = await findScale(array, tick);
  if (scale.said !== undefined) findings.said.push(scale.said);
  if (layout.order === 'CHW')
    findings.said.push(`the array's shape [${array.shape.join(', ')}] is read as [N,C,H,W], channels first`);
  return { total, entries, images: (tick) => imagesOf(array, layout, scale, total, dataset, findings, tick) };
}

async function* imagesOf(
  array: NumberArray,
  layout: ArrayLayout,
  scale: Scale,
  total: number,
  { image }: Dataset,
  findings: Findings,
  tick: Tick,
): AsyncGenerator<SourceImage> {
  const { width, height, channels } = layout;
  const size = width * height * channels;
  let position = 0;
  for await (const values of piecesOf(array, total)) {
    const bytes = bytesOf(values, scale);
    for (let at = 0; at < bytes.length; at += size, position++) {
      await tick();
      if (width !== height) note(findings.notSquare, `image ${position}`);
      const raw = { width, height, channels, pixels: channelsLast(bytes.subarray(at, at + size), layout) };
      const pixels = await conform(raw, image).catch((cause: unknown) => {
        throw new DdrError('InputForeign', `has images that cannot be resized: ${String(cause)}`, {
          where: array.where,
          cause,
        });
      });
      yield { position, pixels };
    }
  }
}
