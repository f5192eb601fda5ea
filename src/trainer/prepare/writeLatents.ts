import type { Dataset, Latents } from '../../api/spec/dataset.ts';
import type { TrainerContext } from '../context/context.ts';
import { type Findings, noFindings } from '../data/findings.ts';
import { openLatents, spreadPath } from '../data/latentArrays.ts';
import { bytesPerLatent, type LatentScale, type LatentsDescription, shapeOfLatents } from '../data/latents.ts';
import { openSource } from '../data/openSource.ts';
import { conditionBytes, openConditions } from './conditions.ts';
import { encoded, type LatentContent, latentContent } from './latents.ts';
import {
  lookingAt,
  nowAndThen,
  requireImages,
  requireSpace,
  saveConditioned,
  stillReading,
  type Writing,
  type WrittenDataset,
} from './writing.ts';

/** The latents of all images, which are read once more for it: they do not fit memory, and a store is written in one go. */
export function encodedAgain(
  { dataset, place, scale, encoder, assertUnchanged }: Writing,
  count: number,
  { said }: Findings,
  context: TrainerContext,
): { description: LatentsDescription; content: LatentContent } | undefined {
  if (scale === undefined || encoder === undefined) return undefined;
  const description = { ...scale, values: 'MeanAndLogVariance', type: 'float32' } as const;
  const stillEncoding = (done: number) => stillReading(done, count, context);
  async function* images(): AsyncGenerator<Uint8Array> {
    const tick = nowAndThen(() => stillEncoding(0));
    const source = await openSource(dataset, place.path, place.root, noFindings(), tick, place.files);
    for await (const { pixels } of source.images(async () => {})) yield pixels;
  }
  const content = latentContent(description, encoded(images(), encoder, stillEncoding), async (found) => {
    said.push(...found);
    await assertUnchanged();
  });
  return { description, content };
}

/**
 * Streams pre-encoded latents into the store.
 * @throws DdrError DataChanged, DiskFull, Interrupted, InputMismatch where there are too few, and what reading throws
 */
export async function writeLatents(
  writing: Writing,
  dataset: Dataset & { latents: Latents },
  scale: LatentScale,
  context: TrainerContext,
): Promise<WrittenDataset> {
  const { place, assertUnchanged } = writing;
  const findings = noFindings();
  const paths = { path: place.path, root: place.root, spreadFile: await spreadPath(dataset, place.root) };
  const source = await openLatents(dataset, paths, shapeOfLatents(scale), findings);
  const conditions = await openConditions(dataset, place, source);
  const count = source.total;
  requireImages(count, writing, findings);
  const description = { ...scale, values: dataset.latents.values, type: source.type };
  await requireSpace(count * (bytesPerLatent(description) + conditionBytes(conditions)), context);
  const latents = latentContent(description, source.latents(lookingAt(count, context)), async (found) => {
    findings.said.push(...found);
    await assertUnchanged();
  });
  const { size, channels } = dataset.image;
  const content = { count, shape: { size, channels }, ...latents };
  const positions = Array.from({ length: count }, (_, i) => i); // none is left out
  return saveConditioned(writing, { content, conditions, positions }, findings, context);
}
