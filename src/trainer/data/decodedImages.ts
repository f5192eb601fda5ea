import { availableParallelism } from 'node:os';
import { DdrError } from '../../api/errors.ts';
import type { DecodedImage } from './decode.ts';
import type { FileName } from './fileName.ts';
import { type Findings, note, noteBroken, shortName, tooManyBroken } from './findings.ts';
import { inOrder } from './inOrder.ts';
import type { ImagePlace, SourceImage, Tick } from './source.ts';

/** Images that are read and decoded at once. */
const width = 2 * availableParallelism();

/** An image that is still to be read. */
export interface ImageToRead {
  position: number;
  /** Where it is, in a source of shards. */
  place?: ImagePlace;
  /** What findings call it. */
  name: FileName;
  /** Reads and decodes it. @throws DdrError InputTruncated or InputForeign where it is broken; any other ends the reading */
  decode(): Promise<DecodedImage>;
}

/** Errors of one image, which may be left out; any other ends the reading. */
const isBroken = (error: unknown): error is DdrError =>
  error instanceof DdrError && (error.code === 'InputTruncated' || error.code === 'InputForeign');

const imageOf = ({ position, place }: ImageToRead, { pixels }: DecodedImage): SourceImage => ({
  position,
  pixels,
  ...(place && { place }),
});

/**
 * Reads and decodes images, some at once, and gives them in their order; broken ones are left out and noted.
 * @param limit images that come at most
 * @param maxBroken images that may be broken
 * @param tick told of every image that is looked at
 * @throws DdrError that of the first broken image, where there are too many
 */
export async function* decodedImages(
  images: Iterable<ImageToRead> | AsyncIterable<ImageToRead>,
  { limit, maxBroken }: { limit: number; maxBroken: number },
  findings: Findings,
  tick: Tick,
): AsyncGenerator<SourceImage> {
  const decode = async (image: ImageToRead) => {
    const result: DecodedImage | DdrError = await image.decode().catch((error: unknown) => {
      if (isBroken(error)) return error;
      throw error;
    });
    return { image, result };
  };
  let [checked, read] = [0, 0];
  for await (const { image, result } of inOrder(images, width, decode)) {
    await tick();
    checked++;
    if (result instanceof DdrError) {
      noteBroken(findings, image.name, result);
      continue;
    }
    const name = shortName(image.name);
    if (result.warning !== undefined) note(findings.warned, `${name}: ${result.warning}`);
    if (result.several) note(findings.several, name);
    if (!result.square) note(findings.notSquare, name);
    // With too many broken the rest is only looked at, to say how many there are.
    if (findings.broken.count <= maxBroken) yield imageOf(image, result);
    if (++read === limit) break;
  }
  if (findings.broken.count > maxBroken) throw tooManyBroken(findings, checked, maxBroken);
}
