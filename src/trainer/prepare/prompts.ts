import { DdrError } from '../../api/errors.ts';
import type { ContextFile } from '../../api/spec/conditions.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { ContextsContent } from '../artifacts/conditions.ts';
import { type PromptsRecord, promptsContent, promptsRecordOf } from '../artifacts/prompts.ts';
import { openContexts, requireShape } from '../data/contexts.ts';
import { contextsAt } from './conditions.ts';

/** Contexts that the samples are to be drawn to. */
export interface Prompts {
  record: PromptsRecord;
  /** Their file, to be written. @throws DdrError DataChanged */
  content: () => AsyncIterable<Uint8Array>;
}

/**
 * Checks the contexts of the samples, before a GPU is asked for.
 * @param root of the volume that they are on
 * @param onPiece told while they are read; may throw to stop
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputUnsafe, InputMismatch naming the file
 */
export async function checkPrompts(
  file: ContextFile,
  dataset: Dataset,
  root: string,
  onPiece: () => Promise<void>,
): Promise<Prompts> {
  if (dataset.contexts === undefined)
    throw new DdrError('InvalidTask', 'there are contexts for the samples, and none for the images');
  const contexts = await openContexts(file, root);
  requireShape(contexts, dataset.contexts);
  const { count } = contexts;
  const all = Array.from({ length: count }, (_, i) => i);
  const open = (): ContextsContent => contextsAt(contexts, count, all, onPiece);
  const record = await promptsRecordOf(open);
  return { record, content: () => promptsContent(open(), record) };
}
