import { DdrError } from '../../api/errors.ts';
import type { ContextFile } from '../../api/spec/conditions.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { bytesPerContext, type ContextsContent } from '../artifacts/conditions.ts';
import { type Contexts, openContexts, requireShape } from '../data/contexts.ts';
import { type Labels, labelsFile, readLabels } from '../data/labels.ts';
import type { OpenSource } from '../data/source.ts';
import { resolveInVolume } from '../data/volume.ts';

/** Bytes of contexts that are read at once. */
const pieceBytes = 2 ** 24;

/** What a source says of its images, in the order of the source. */
export interface SourceConditions {
  labels: Labels | undefined;
  contexts: Contexts | undefined;
}

/** Where the images are: resolved, on the volume `root`. */
interface ImagesPlace {
  path: string;
  root: string;
}

/**
 * Opens labels and contexts, and checks them against the images and what is declared.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe, InputMismatch naming the file
 */
export async function openConditions(
  dataset: Dataset,
  place: ImagesPlace,
  source: Pick<OpenSource, 'entries' | 'files' | 'labels'>,
): Promise<SourceConditions> {
  const labels = await readLabels(dataset, place, source);
  const declared = dataset.contexts;
  if (declared === undefined) return { labels, contexts: undefined };
  const contexts = await openContexts(declared, place.root);
  requireShape(contexts, declared);
  if (contexts.count !== source.entries) {
    throw new DdrError('InputMismatch', `has ${contexts.count} contexts, and there are ${source.entries} images`, {
      where: contexts.where,
      hint: 'There is one context for every image of the source, in the same order.',
    });
  }
  return { labels, contexts };
}

/** Files besides those of the images that labels and contexts are read from, resolved. @throws DdrError InputMissing, InputUnsafe */
export async function conditionPaths(
  dataset: Dataset,
  place: ImagesPlace,
  prompts: ContextFile | undefined,
): Promise<string[]> {
  const labels = await labelsFile(dataset, place);
  const files = [dataset.contexts, prompts].filter((file) => file !== undefined);
  const paths = await Promise.all(files.map(({ path }) => resolveInVolume(place.root, path, 'contexts')));
  return labels === undefined ? paths : [labels, ...paths];
}

/** Bytes that the conditions of an image need. */
export const conditionBytes = ({ labels, contexts }: SourceConditions): number =>
  (labels === undefined ? 0 : 4) + (contexts === undefined ? 0 : bytesPerContext(contexts));

/** Labels of the images that were kept. */
export const labelsAt = ({ classes, names, values }: Labels, positions: readonly number[]): Labels => ({
  classes,
  ...(names && { names }),
  values: Int32Array.from(positions, (position) => values[position] as number),
});

/** Runs of positions that follow one another, each of `most` at most. */
function* runsOf(positions: readonly number[], most: number): Generator<{ first: number; size: number }> {
  for (let at = 0; at < positions.length; ) {
    const first = positions[at] as number;
    let size = 1;
    while (size < most && positions[at + size] === first + size) size++;
    yield { first, size };
    at += size;
  }
}

/**
 * Contexts of the images that were kept.
 * @param positions complete once the first piece is asked for
 * @param onPiece told of every piece; may throw to stop
 */
export function contextsAt(
  contexts: Contexts,
  count: number,
  positions: readonly number[],
  onPiece: () => Promise<void>,
): ContextsContent {
  const { tokens, width, type } = contexts;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const most = Math.max(1, Math.floor(pieceBytes / bytesPerContext(contexts)));
    for (const { first, size } of runsOf(positions, most)) {
      yield await contexts.read(first, size);
      await onPiece();
    }
  }
  return { count, tokens, width, type, pieces: pieces() };
}

/** Classes that no image is of, as people should know: a limit or a wrong order of the images leads to some. */
export function emptyClasses({ classes, names, values }: Labels): string | undefined {
  const there = new Set(values);
  const empty = Array.from({ length: classes }, (_, label) => label).filter((label) => !there.has(label));
  if (empty.length === 0) return undefined;
  const named = empty.slice(0, 5).map((label) => names?.[label] ?? label);
  return `${empty.length} of ${classes} classes have no image: ${named.join(', ')}${empty.length > 5 ? ' …' : ''}`;
}
