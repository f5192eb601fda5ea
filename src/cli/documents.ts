import { readFileSync, statSync } from 'node:fs';
import { loadAll, YAMLException } from 'js-yaml';
import { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import { kind } from '../api/names.ts';
import { parseRun, type Run } from '../api/run.ts';

const largestFile = 4 * 2 ** 20;
const documentSchema = z.looseObject({ kind: z.string() });

/**
 * Reads the runs of a YAML file; documents of other kinds are passed over.
 * @throws DdrError InputMissing, InputForeign, InvalidSpec naming file and document
 */
export function readRuns(file: string): Run[] {
  const runs = documentsOf(file).flatMap((document, i) => {
    const parsed = documentSchema.safeParse(document);
    if (!parsed.success || parsed.data.kind !== kind) return [];
    return [parseRun(document, `${file}, document ${i + 1}`)];
  });
  if (runs.length === 0) throw new DdrError('InputForeign', `holds no ${kind}`, { where: file });
  return runs;
}

/** The one run of a file. */
export function readRun(file: string): Run {
  const [run, ...others] = readRuns(file);
  if (run === undefined || others.length > 0) {
    throw new DdrError('InputForeign', `holds ${others.length + 1} runs; this command takes one`, { where: file });
  }
  return run;
}

function documentsOf(file: string): unknown[] {
  let text: string;
  try {
    if (statSync(file).size > largestFile)
      throw new DdrError('InputUnsafe', `is larger than ${largestFile} bytes`, { where: file });
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof DdrError) throw error;
    throw new DdrError('InputMissing', 'cannot be read', { where: file, cause: error });
  }
  try {
    return loadAll(text).filter((document) => document !== null && document !== undefined);
  } catch (cause) {
    const message = cause instanceof YAMLException ? cause.message : String(cause);
    throw new DdrError('InputForeign', `is not YAML: ${message.split('\n')[0]}`, { where: file, cause });
  }
}
