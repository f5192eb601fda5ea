import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { type ContextsContent, contextArraySchema, contextReader, contextsFile } from './conditions.ts';
import type { ArtifactStore } from './store.ts';

export const promptsFile = 'prompts.npy';

/** Contexts that samples are drawn to: they lie beside the record of the prepared data. */
export const promptsRecordSchema = contextArraySchema.extend({ count: z.int().min(1) });
export type PromptsRecord = z.output<typeof promptsRecordSchema>;

/** What the record of prompts will be; they are read for it. @param open begins at the first of them */
export async function promptsRecordOf(open: () => ContextsContent): Promise<PromptsRecord> {
  const content = open();
  let record: PromptsRecord | undefined;
  const end = (written: Omit<PromptsRecord, 'count'>) => {
    record = { ...written, count: content.count };
  };
  for await (const _ of contextsFile(content, end));
  return promptsRecordSchema.parse(record);
}

/** The file of prompts. @throws DdrError DataChanged where it has become another than its record says */
export async function* promptsContent(content: ContextsContent, record: PromptsRecord): AsyncGenerator<Uint8Array> {
  yield* contextsFile(content, ({ sha256 }) => {
    if (sha256 !== record.sha256)
      throw new DdrError('DataChanged', 'the contexts of the samples have changed while they were read');
  });
}

/** Gives prompt number i modulo their number, tokens × width. @param folder of the prepared data's record */
export function openPrompts(
  store: ArtifactStore,
  folder: string,
  record: PromptsRecord,
): (i: number) => Promise<Float32Array> {
  const read = contextReader(store, `${folder}/${promptsFile}`, record);
  return (i) => read(i % record.count);
}
