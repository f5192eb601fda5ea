import { readFileSync, statSync } from 'node:fs';
import { CORE_SCHEMA, loadAll, mergeTag, YAMLException } from 'js-yaml';
import { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import { group, kind } from '../api/names.ts';
import { describeIssues, type Run, runSchema } from '../api/run.ts';
import { type Place, type Positions, positionsOf } from './positions.ts';

const largestFile = 4 * 2 ** 20;
/** Values in a document once its aliases are followed: a few lines of YAML can stand for billions (an alias bomb). */
const mostValues = 200_000;

const documentSchema = z.looseObject({ apiVersion: z.unknown().optional(), kind: z.unknown().optional() });
/** With merge keys (`<<`), as kubectl reads YAML. */
const schema = CORE_SCHEMA.withTags(mergeTag);

/** What a file holds: its runs, and what is wrong with those that cannot be read. */
export interface RunFile {
  runs: Run[];
  problems: DdrError[];
}

/**
 * Reads the runs of a YAML file; documents of other kinds are passed over.
 * @throws DdrError InputMissing, InputForeign, InputUnsafe where the file as a whole cannot be read, or holds no run
 */
export function readRuns(file: string): RunFile {
  const text = textOf(file);
  const { documents, positions } = parse(text, file);
  const result: RunFile = { runs: [], problems: [] };
  documents.forEach((document, i) => {
    assertBounded(document, file);
    if (!isOurs(document)) return;
    const run = runSchema.safeParse(document);
    if (run.success) result.runs.push(run.data);
    else result.problems.push(...problemsOf(run.error, `${file}, document ${i + 1}`, positions[i]));
  });
  if (result.runs.length + result.problems.length === 0)
    throw new DdrError('InputForeign', `holds no ${kind}`, { where: file });
  return result;
}

/**
 * The one run of a file.
 * @throws DdrError as {@link readRuns}, InvalidSpec for the first thing that is wrong with it, InputForeign for several runs
 */
export function readRun(file: string): Run {
  const {
    runs: [run, ...others],
    problems: [problem],
  } = readRuns(file);
  if (problem !== undefined) throw problem;
  if (run === undefined || others.length > 0) {
    throw new DdrError('InputForeign', `holds ${others.length + 1} runs; this command takes one`, { where: file });
  }
  return run;
}

/** Whether a document is meant as a run: by its kind, or by its group where the kind is missing or misspelt. */
function isOurs(document: unknown): boolean {
  const { data } = documentSchema.safeParse(document);
  return data !== undefined && (data.kind === kind || String(data.apiVersion).startsWith(`${group}/`));
}

const describePlace = ({ line, column }: Place): string => `line ${line}, column ${column}`;

/** An error per wrong field, with its place. */
function problemsOf(error: z.ZodError, where: string, positions: Positions | undefined): DdrError[] {
  const texts = describeIssues(error);
  return error.issues.map((issue, i) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const place = positions?.placeOf([
      ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
      ...unknown,
    ]);
    return new DdrError('InvalidSpec', texts[i] ?? issue.message, {
      where: place === undefined ? where : `${where}, ${describePlace(place)}`,
    });
  });
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= largestFile) return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DdrError('InputMissing', `cannot be read: ${reasonOf(cause)}`, { where: file, cause });
  }
  throw new DdrError('InputUnsafe', `is larger than ${largestFile} bytes`, { where: file });
}

/** Of an error such as "ENOENT: no such file or directory, stat 'x'": what is between the code and the call. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /: (.*), /.exec(message)?.[1] ?? message;
}

function parse(text: string, file: string): { documents: unknown[]; positions: Positions[] } {
  try {
    const positions = positionsOf(text);
    return { documents: loadAll(text, { schema }), positions };
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw new DdrError('InputForeign', 'is not YAML', { where: file, cause });
    const { line, column } = cause.mark ?? { line: 0, column: 0 };
    const where = cause.mark === undefined ? file : `${file}, ${describePlace({ line: line + 1, column: column + 1 })}`;
    throw new DdrError('InputForeign', `is not YAML: ${cause.reason}`, { where, cause });
  }
}

/** @throws DdrError InputUnsafe where a document stands for too many values, or for endlessly many */
function assertBounded(document: unknown, file: string): void {
  const waiting = [document];
  for (let count = 0; waiting.length > 0; count++) {
    if (count > mostValues) {
      throw new DdrError('InputUnsafe', `stands for more than ${mostValues} values`, {
        where: file,
        hint: 'A run is much smaller; its aliases may refer to one another too often.',
      });
    }
    const value = waiting.pop();
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) waiting.push(inner);
  }
}
